//! What one topic holds, and who reads it: partitions, groups, and which member of a group owns which partition.
//!
//! Plain data without locks or waiting; `memory.rs` and `consumer.rs` hold the lock and do the waking and waiting.
//!
//! A partition passes from one living member to another only when nothing returned from it is uncommitted, so a member
//! that joins causes no repetition; when a member leaves, its partitions start again where they were committed.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::memory::Limits;
use crate::{Message, Received};

/// One topic's messages and readers.
pub(super) struct Log {
    partitions: Vec<Partition>,
    groups: Vec<Group>,
    messages: usize,
    bytes: usize,
    limits: Limits,
    jammed: bool,
}

/// The messages that some group still needs; the first has the offset `base`.
#[derive(Default)]
struct Partition {
    base: i64,
    messages: VecDeque<Message>,
}

impl Partition {
    fn end(&self) -> i64 {
        self.base + self.messages.len() as i64
    }
}

/// A group of this topic. It stays known when its last member leaves: what comes meanwhile waits for the next.
struct Group {
    name: Arc<str>,
    members: Vec<Member>,
    shares: Vec<Share>,
}

struct Member {
    id: u64,
    wake: Arc<Notify>,
}

/// Where a group stands in one partition. Invariant: base ≤ committed ≤ returned ≤ end.
#[derive(Clone)]
struct Share {
    owner: Option<u64>,
    committed: i64,
    returned: i64,
}

impl Log {
    pub(super) fn new(partitions: u32, limits: Limits) -> Log {
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        Log { partitions, groups: Vec::new(), messages: 0, bytes: 0, limits, jammed: false }
    }

    pub(super) fn len(&self) -> usize {
        self.messages
    }

    /// How many of these, from the first, have room. An empty topic takes one of any size.
    pub(super) fn fitting<'a>(&self, messages: impl Iterator<Item = &'a Message>) -> usize {
        let (mut count, mut bytes) = (self.messages, self.bytes);
        messages
            .take_while(|message| {
                count += 1;
                bytes += message.size();
                count <= self.limits.messages_max && (bytes <= self.limits.bytes_max || count == 1)
            })
            .count()
    }

    /// Appends all and wakes the owners of the partitions that got some.
    pub(super) fn append(&mut self, messages: impl Iterator<Item = Message>) {
        let ends: Vec<i64> = self.partitions.iter().map(Partition::end).collect();
        for message in messages {
            let partition = partition_of(message.key, self.partitions.len());
            self.messages += 1;
            self.bytes += message.size();
            self.partitions[partition].messages.push_back(message);
        }
        for (index, before) in ends.into_iter().enumerate() {
            if self.partitions[index].end() > before {
                self.groups.iter().for_each(|group| group.wake_owner(index));
            }
        }
    }

    /// Adds a member to a group, making the group if need be, and gives it its share. Returns the ends seen.
    pub(super) fn join(&mut self, group: &Arc<str>, id: u64, wake: Arc<Notify>) -> Vec<i64> {
        let index = self.groups.iter().position(|known| known.name == *group).unwrap_or_else(|| {
            let start =
                |partition: &Partition| Share { owner: None, committed: partition.base, returned: partition.base };
            let shares = self.partitions.iter().map(start).collect();
            self.groups.push(Group { name: group.clone(), members: Vec::new(), shares });
            self.groups.len() - 1
        });
        let group = &mut self.groups[index];
        group.members.push(Member { id, wake });
        group.share_out();
        self.partitions.iter().map(Partition::end).collect()
    }

    /// Removes a member. What it did not commit starts again with whoever owns its partitions next.
    pub(super) fn leave(&mut self, group: &str, id: u64) {
        if let Some(group) = self.groups.iter_mut().find(|known| *known.name == *group) {
            group.members.retain(|member| member.id != id);
            for share in group.shares.iter_mut().filter(|share| share.owner == Some(id)) {
                share.owner = None;
                share.returned = share.committed;
            }
            group.share_out();
        }
    }

    /// Takes up to `max` messages of the partitions that this member owns, beginning at partition `first` so that none
    /// starves.
    pub(super) fn take(&mut self, group: &str, id: u64, first: usize, max: usize, into: &mut Vec<Received>) {
        let Some(group) = self.groups.iter_mut().find(|known| *known.name == *group) else { return };
        let count = self.partitions.len();
        for index in (0..count).map(|step| (first + step) % count) {
            let (partition, share) = (&self.partitions[index], &mut group.shares[index]);
            if share.owner != Some(id) || share.returned == partition.end() || into.len() >= max {
                continue;
            }
            let from = (share.returned - partition.base) as usize;
            let until = partition.messages.len().min(from + max - into.len());
            for message in partition.messages.range(from..until) {
                into.push(Received { message: message.clone(), partition: index as i32, offset: share.returned });
                share.returned += 1;
            }
        }
    }

    /// Commits what was returned to this member, forgets what no group needs any more, and passes on the partitions that
    /// another member waits for. True if there is room again for those who wait for it.
    pub(super) fn commit(&mut self, group: &str, id: u64) -> bool {
        let Some(group) = self.groups.iter_mut().find(|known| *known.name == *group) else { return false };
        for share in group.shares.iter_mut().filter(|share| share.owner == Some(id)) {
            share.committed = share.returned;
        }
        group.share_out();
        self.forget_committed()
    }

    fn forget_committed(&mut self) -> bool {
        let before = self.messages;
        for (index, partition) in self.partitions.iter_mut().enumerate() {
            let needed = self.groups.iter().map(|group| group.shares[index].committed).min().unwrap_or(partition.base);
            for message in partition.messages.drain(..(needed - partition.base) as usize) {
                self.messages -= 1;
                self.bytes -= message.size();
            }
            partition.base = needed;
        }
        let room = self.messages < before;
        if room {
            self.jammed = false;
        }
        room
    }

    /// Whether this member has been given everything before `ends` in the partitions that it owns.
    pub(super) fn caught_up(&self, group: &str, id: u64, ends: &[i64]) -> bool {
        let group = self.groups.iter().find(|known| *known.name == *group);
        let mut shares = group.into_iter().flat_map(|group| group.shares.iter().zip(ends));
        shares.all(|(share, end)| share.owner != Some(id) || share.returned >= *end)
    }

    /// Marks the topic as one that gave no room for a whole wait.
    pub(super) fn jam(&mut self) {
        self.jammed = true;
    }

    /// Whether nothing was read since the topic was marked by [`Log::jam`].
    pub(super) fn is_jammed(&self) -> bool {
        self.jammed
    }
}

impl Group {
    /// Gives each partition to the member whose turn it is, unless another living member still has uncommitted messages
    /// of it, which will pass it on when it commits.
    fn share_out(&mut self) {
        for (index, share) in self.shares.iter_mut().enumerate() {
            let Some(member) = self.members.get(index % self.members.len().max(1)) else { return };
            let free = share.owner.is_none() || share.returned == share.committed;
            if free && share.owner != Some(member.id) {
                share.owner = Some(member.id);
                share.returned = share.committed;
                member.wake.notify_one();
            }
        }
    }

    fn wake_owner(&self, partition: usize) {
        let owner = self.shares[partition].owner;
        if let Some(member) = self.members.iter().find(|member| Some(member.id) == owner) {
            member.wake.notify_one();
        }
    }
}

/// Spreads keys that follow one another evenly (Fibonacci hashing: 2⁶⁴ divided by the golden ratio).
fn partition_of(key: u64, partitions: usize) -> usize {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    ((mixed * partitions as u64) >> 32) as usize
}
