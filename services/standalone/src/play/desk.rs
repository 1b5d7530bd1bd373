//! The way to the simulated tax counter of another process: one small request over HTTP on this machine.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    counter::{Outcome, PATH, Request},
    program::Failure,
};

/// The counter answers from its own ledger; who waits longer talks to something else.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Bytes of an answer: a status, some headers, one small object.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Pays what is due for a child.
pub(super) async fn pay(desk: &str, request: &Request) -> Result<Outcome, Failure> {
    let failed = |what: String| {
        Failure::Refused(format!(
            "模拟税务柜台 http://{desk}{PATH} 无法使用 / the simulated tax counter cannot be used: {what}"
        ))
    };
    let body = serde_json::to_string(request).map_err(|error| failed(error.to_string()))?;
    let answer = match timeout(ANSWERS_WITHIN, exchange(desk, &body)).await {
        Ok(answer) => answer.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed("没有回答 / no answer".to_owned())),
    };
    read(&answer).map_err(failed)
}

async fn exchange(desk: &str, body: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(desk).await?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: {desk}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(body.as_bytes()).await?;
    let mut answer = String::new();
    connection.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
    Ok(answer)
}

fn read(answer: &str) -> Result<Outcome, String> {
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("不是 HTTP 回答 / not an HTTP answer")?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(status.to_owned());
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a payment that was not taken counts as one, or the other way round.
    #[test]
    fn an_answer_is_read_only_if_it_is_one() {
        let paid = "HTTP/1.1 200 OK\r\ncontent-length: 39\r\n\r\n{\"outcome\":\"paid\",\"amount_fen\":40000}";
        assert_eq!(read(paid), Ok(Outcome::Paid { amount_fen: 40_000 }));
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n{\"outcome\":\"nothing-due\"}"), Ok(Outcome::NothingDue));
        for wrong in ["", "HTTP/1.1 404 Not Found\r\n\r\n{}", "HTTP/1.1 200 OK\r\n\r\n{\"outcome\":\"maybe\"}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
