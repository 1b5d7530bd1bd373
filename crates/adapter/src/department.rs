//! A department's table of contents: its commands, how each is done, undone and stopped, and what it tells unasked.
//!
//! [`Adapter`] is what a department writes; [`Adapter::serving`] turns it into a [`Department`], which has forgotten
//! the department's types and is what the runtime runs.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Call, Effects, Fact, Local, LocalUndone, Reply, Retry, Stopped, Undo, Undone, Unknown,
    call::UndoParts,
    handler::{AcknowledgedFunction, ActFunction, NoticesFunction, StopFunction, UndoFunction},
};

/// The code of the answer to fields that are not what the contract says.
pub const CODE_FIELDS: &str = "SDK-FIELDS";

type Running<'a, T> = BoxFuture<'a, Result<T, Unknown>>;
type ErasedAct<S> = Box<dyn for<'a> Fn(&'a S, Vec<u8>, Call) -> Running<'a, Reply<Vec<u8>>> + Send + Sync>;
type ErasedUndo<S> = Box<dyn for<'a> Fn(&'a S, UndoParts, Call) -> Running<'a, Undone> + Send + Sync>;
type ErasedStop<S> = Box<dyn for<'a> Fn(&'a S, Vec<u8>, Call) -> Running<'a, Stopped> + Send + Sync>;
type ErasedLocal<S> = Box<dyn Fn(&S, Vec<u8>, Call) -> Result<(Reply<Vec<u8>>, Effects), Unknown> + Send + Sync>;
type ErasedLocalUndo<S> = Box<dyn Fn(&S, UndoParts, Call) -> (Undone, Effects) + Send + Sync>;
type ErasedNotices<S> = Box<dyn for<'a> Fn(&'a S) -> Running<'a, Vec<Fact>> + Send + Sync>;
type ErasedAcknowledged<S> = Box<dyn for<'a> Fn(&'a S, Vec<[u8; 16]>) -> Running<'a, ()> + Send + Sync>;

enum Act<S> {
    Remote(ErasedAct<S>),
    Local(ErasedLocal<S>),
}

enum UndoHow<S> {
    None,
    Remote(ErasedUndo<S>),
    Local(ErasedLocalUndo<S>),
}

/// What the runtime must know of a command before it calls anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Its effect commits with the inbox.
    pub(crate) local: bool,
    /// It only reads: no intent needs to be committed before the call.
    pub(crate) query: bool,
    /// It can be undone.
    pub(crate) undo: bool,
    /// Undoing it commits with the inbox.
    pub(crate) undo_local: bool,
    /// An accepted act can be stopped.
    pub(crate) stop: bool,
    /// How long after `Accepted` the act is called again, in milliseconds; `None`: as the runtime's settings say.
    pub(crate) asked_again_ms: Option<i64>,
}

struct Handler<S> {
    name: Arc<str>,
    undo_name: Option<Arc<str>>,
    traits: Traits,
    act: Act<S>,
    undo: UndoHow<S>,
    stop: Option<ErasedStop<S>>,
}

/// A department's adapter while it is being written down. `System` is the trait object or type through which the
/// department's own system is reached.
pub struct Adapter<System> {
    department: String,
    handlers: Vec<Handler<System>>,
    notices: Option<ErasedNotices<System>>,
    acknowledged: Option<ErasedAcknowledged<System>>,
}

impl<System: Send + Sync + 'static> Adapter<System> {
    /// An adapter without commands for the department of this name, e.g. `social-security`.
    pub fn for_department(name: impl Into<String>) -> Self {
        Self { department: name.into(), handlers: Vec::new(), notices: None, acknowledged: None }
    }

    /// A command whose effect is behind a call: the intent is committed, the call is made with [`Call::id`] as its
    /// idempotency key, the result is committed. After a crash it is called again under the same id.
    ///
    /// # Panics
    /// If the command is declared twice.
    pub fn remote<Function, Fields, Output>(self, command: impl Into<Arc<str>>, function: Function) -> Self
    where
        Function: for<'a> ActFunction<'a, System, Fields, Output> + 'static,
        Fields: DeserializeOwned + Send + 'static,
        Output: Serialize + Send + 'static,
    {
        let function = Arc::new(function);
        let act: ErasedAct<System> = Box::new(move |system, fields, call| {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let Ok(fields) = serde_json::from_slice::<Fields>(&fields) else {
                    return Ok(Reply::failed(CODE_FIELDS, Retry::Never));
                };
                encode(function.call(system, fields, call).await?)
            })
        });
        self.command(command.into(), Act::Remote(act), Traits::default())
    }

    /// A command whose effect is in the inbox's own database and commits with the inbox and the reply. The function
    /// must not wait for anything; what it wants done, it says in its [`Effects`].
    ///
    /// # Panics
    /// If the command is declared twice.
    pub fn local<Function, Fields, Output>(self, command: impl Into<Arc<str>>, function: Function) -> Self
    where
        Function: Fn(&System, Fields, Call) -> Local<Output> + Send + Sync + 'static,
        Fields: DeserializeOwned,
        Output: Serialize,
    {
        let act: ErasedLocal<System> = Box::new(move |system, fields, call| {
            let Ok(fields) = serde_json::from_slice::<Fields>(&fields) else {
                return Ok((Reply::failed(CODE_FIELDS, Retry::Never), Effects::none()));
            };
            let Local { reply, effects } = function(system, fields, call);
            Ok((encode(reply)?, effects))
        });
        self.command(command.into(), Act::Local(act), Traits { local: true, ..Traits::default() })
    }

    /// The last declared command only reads: called twice it does no harm, so no intent is committed before the call.
    pub fn idempotent_query(mut self) -> Self {
        self.last().traits.query = true;
        self
    }

    /// The last declared command, once accepted, is asked about again every so often.
    pub fn asked_again_every(mut self, interval: Duration) -> Self {
        self.last().traits.asked_again_ms = Some(i64::try_from(interval.as_millis()).unwrap_or(i64::MAX));
        self
    }

    /// How the last declared command is undone, by a call. For an act that was accepted and not finished, where no
    /// [`stopped_by`](Self::stopped_by) is declared, it is called without output and must stop the handling as well.
    pub fn undone_by<Function, Fields, Output>(mut self, command: impl Into<Arc<str>>, function: Function) -> Self
    where
        Function: for<'a> UndoFunction<'a, System, Fields, Output> + 'static,
        Fields: DeserializeOwned + Send + 'static,
        Output: DeserializeOwned + Send + 'static,
    {
        let function = Arc::new(function);
        let undo: ErasedUndo<System> = Box::new(move |system, parts, call| {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let Some(undo) = parts.typed::<Fields, Output>() else {
                    return Ok(Undone::Failed { code: CODE_FIELDS.to_owned(), retry: Retry::Never });
                };
                function.call(system, undo, call).await
            })
        });
        let last = self.last();
        last.undo_name = Some(command.into());
        last.undo = UndoHow::Remote(undo);
        last.traits.undo = true;
        self
    }

    /// How the last declared command is undone in the inbox's own database, in one transaction with its reply.
    pub fn undone_locally_by<Function, Fields, Output>(
        mut self,
        command: impl Into<Arc<str>>,
        function: Function,
    ) -> Self
    where
        Function: Fn(&System, Undo<Fields, Output>, Call) -> LocalUndone + Send + Sync + 'static,
        Fields: DeserializeOwned,
        Output: DeserializeOwned,
    {
        let undo: ErasedLocalUndo<System> = Box::new(move |system, parts, call| {
            let Some(undo) = parts.typed::<Fields, Output>() else {
                return (Undone::Failed { code: CODE_FIELDS.to_owned(), retry: Retry::Never }, Effects::none());
            };
            let LocalUndone { undone, effects } = function(system, undo, call);
            (undone, effects)
        });
        let last = self.last();
        last.undo_name = Some(command.into());
        last.undo = UndoHow::Local(undo);
        last.traits.undo = true;
        last.traits.undo_local = true;
        self
    }

    /// How the department's own handling of the last declared command is stopped after it was accepted. Without it, a
    /// cancellation waits until the handling has come to its end. [`Call::id`] is the id of the act that is to stop.
    pub fn stopped_by<Function, Fields>(mut self, function: Function) -> Self
    where
        Function: for<'a> StopFunction<'a, System, Fields> + 'static,
        Fields: DeserializeOwned + Send + 'static,
    {
        let function = Arc::new(function);
        let stop: ErasedStop<System> = Box::new(move |system, fields, call| {
            let function = Arc::clone(&function);
            Box::pin(async move {
                let Ok(fields) = serde_json::from_slice::<Fields>(&fields) else {
                    return Ok(Stopped::Failed { code: CODE_FIELDS.to_owned(), retry: Retry::Never });
                };
                function.call(system, fields, call).await
            })
        });
        let last = self.last();
        last.stop = Some(stop);
        last.traits.stop = true;
        self
    }

    /// Where the department's unasked facts are collected: those not yet [acknowledged](Self::acknowledged).
    pub fn notices<Function>(mut self, function: Function) -> Self
    where
        Function: for<'a> NoticesFunction<'a, System> + 'static,
    {
        let function = Arc::new(function);
        self.notices = Some(Box::new(move |system| {
            let function = Arc::clone(&function);
            Box::pin(async move { function.call(system).await })
        }));
        self
    }

    /// Called with the ids of facts that are safely recorded and need not be told again.
    pub fn acknowledged<Function>(mut self, function: Function) -> Self
    where
        Function: for<'a> AcknowledgedFunction<'a, System> + 'static,
    {
        let function = Arc::new(function);
        self.acknowledged = Some(Box::new(move |system, ids| {
            let function = Arc::clone(&function);
            Box::pin(async move { function.call(system, ids).await })
        }));
        self
    }

    /// The finished department, on this system.
    pub fn serving(self, system: System) -> Department {
        self.serving_shared(Arc::new(system))
    }

    /// The finished department, on a system that others hold as well (a simulated one and its ledger's reader).
    pub fn serving_shared(self, system: Arc<System>) -> Department {
        let mut by_name = BTreeMap::new();
        for (index, handler) in self.handlers.iter().enumerate() {
            by_name.insert(Arc::clone(&handler.name), index);
        }
        let name = self.department.clone();
        Department { name, by_name: Arc::new(by_name), served: Arc::new(Served { adapter: self, system }) }
    }

    fn command(mut self, name: Arc<str>, act: Act<System>, traits: Traits) -> Self {
        assert!(self.handlers.iter().all(|handler| handler.name != name), "command {name} is declared twice");
        self.handlers.push(Handler { name, undo_name: None, traits, act, undo: UndoHow::None, stop: None });
        self
    }

    fn last(&mut self) -> &mut Handler<System> {
        self.handlers.last_mut().expect("a command must be declared before what is said of it")
    }
}

/// An output that cannot be written as JSON is a fault of the adapter after the effect was done: not known, not failed.
fn encode<Output: Serialize>(reply: Reply<Output>) -> Result<Reply<Vec<u8>>, Unknown> {
    Ok(reply.map(|output| serde_json::to_vec(&output))?)
}

/// A department's adapter whose types are forgotten: what the runtime runs. Cloning shares it.
#[derive(Clone)]
pub struct Department {
    name: String,
    by_name: Arc<BTreeMap<Arc<str>, usize>>,
    served: Arc<dyn AnySystem>,
}

impl Department {
    /// The department's name, e.g. `social-security`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The commands it knows, with the names of their compensations.
    pub fn commands(&self) -> Vec<(&str, Option<&str>)> {
        self.by_name.values().map(|&index| self.served.names(index)).collect()
    }

    /// Which command of the table a name on the bus means.
    pub(crate) fn find(&self, command: &str) -> Option<usize> {
        self.by_name.get(command).copied()
    }

    pub(crate) fn traits(&self, command: usize) -> Traits {
        self.served.traits(command)
    }

    pub(crate) fn served(&self) -> &dyn AnySystem {
        &*self.served
    }
}

impl fmt::Debug for Department {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Department({}, {:?})", self.name, self.commands())
    }
}

/// A department and its system, with the system's type forgotten. Commands are named by their place in the table.
pub(crate) trait AnySystem: Send + Sync {
    fn names(&self, command: usize) -> (&str, Option<&str>);
    fn traits(&self, command: usize) -> Traits;
    fn act(&self, command: usize, fields: Vec<u8>, call: Call) -> BoxFuture<'_, Acted>;
    fn undo(&self, command: usize, parts: UndoParts, call: Call) -> BoxFuture<'_, UndoneWith>;
    fn stop(&self, command: usize, fields: Vec<u8>, call: Call) -> Running<'_, Stopped>;
    fn notices(&self) -> Option<Running<'_, Vec<Fact>>>;
    fn acknowledged(&self, ids: Vec<[u8; 16]>) -> Running<'_, ()>;
}

/// An act's answer and, for a local one, its effect.
pub(crate) type Acted = Result<(Reply<Vec<u8>>, Effects), Unknown>;
/// An undoing's answer and, for a local one, its effect.
pub(crate) type UndoneWith = Result<(Undone, Effects), Unknown>;

struct Served<S> {
    adapter: Adapter<S>,
    system: Arc<S>,
}

impl<S: Send + Sync + 'static> AnySystem for Served<S> {
    fn names(&self, command: usize) -> (&str, Option<&str>) {
        let handler = &self.adapter.handlers[command];
        (&handler.name, handler.undo_name.as_deref())
    }

    fn traits(&self, command: usize) -> Traits {
        self.adapter.handlers[command].traits
    }

    fn act(&self, command: usize, fields: Vec<u8>, call: Call) -> BoxFuture<'_, Acted> {
        match &self.adapter.handlers[command].act {
            Act::Remote(act) => {
                let running = act(&self.system, fields, call);
                Box::pin(async move { Ok((running.await?, Effects::none())) })
            }
            Act::Local(act) => Box::pin(std::future::ready(act(&self.system, fields, call))),
        }
    }

    fn undo(&self, command: usize, parts: UndoParts, call: Call) -> BoxFuture<'_, UndoneWith> {
        match &self.adapter.handlers[command].undo {
            UndoHow::Remote(undo) => {
                let running = undo(&self.system, parts, call);
                Box::pin(async move { Ok((running.await?, Effects::none())) })
            }
            UndoHow::Local(undo) => Box::pin(std::future::ready(Ok(undo(&self.system, parts, call)))),
            UndoHow::None => Box::pin(std::future::ready(Err(Unknown::because("no undo function is declared")))),
        }
    }

    fn stop(&self, command: usize, fields: Vec<u8>, call: Call) -> Running<'_, Stopped> {
        match &self.adapter.handlers[command].stop {
            Some(stop) => stop(&self.system, fields, call),
            None => Box::pin(std::future::ready(Err(Unknown::because("no stop function is declared")))),
        }
    }

    fn notices(&self) -> Option<Running<'_, Vec<Fact>>> {
        self.adapter.notices.as_ref().map(|notices| notices(&self.system))
    }

    fn acknowledged(&self, ids: Vec<[u8; 16]>) -> Running<'_, ()> {
        match &self.adapter.acknowledged {
            Some(acknowledged) => acknowledged(&self.system, ids),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }
}
