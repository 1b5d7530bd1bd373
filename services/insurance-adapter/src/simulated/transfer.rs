//! 银行拨付: one order to the bank, booked before it goes, reversed where it comes back.

use adapter::simulated::{Error, Sitting, magic};
use identifiers::CitizenId;
use serde_json::{Value, json};

use super::accounts::{self, EXPENDITURE, Line};
use crate::contract::{BankAccount, Payee};

/// The accounts to which a transfer did not reach, by what it was for.
const BOUNCED: &str = "bounced-account";

/// MAT-1106.
pub(super) const BOUNCED_CODE: &str = "MAT-1106";
pub(super) const BOUNCED_FIELD: &str = "mother.bank_account";
pub(super) const BOUNCED_WHY: &str = "银行退回了这笔拨付,请核对收款账户。";

/// What became of an order.
pub(super) enum Transfer {
    /// It arrived.
    Paid {
        /// 银行托付单.
        order: String,
        /// The last four digits of the account.
        account_tail: String,
    },
    /// It came back and was reversed.
    Bounced,
}

/// Pays to an account what the lines add up to: more debits than credits. `what` is what it is for: a delivery, a voucher. Whether the bank
/// sends it back is asked for by [`magic::TRANSFER_BOUNCED`]: it does so for the first account that it is given, as
/// often as it is given that one, and not for another.
pub(super) async fn transfer(
    sitting: &mut Sitting,
    what: &str,
    payee: &Payee,
    mut lines: Vec<Line>,
) -> Result<Transfer, Error> {
    let on = sitting.today();
    let account = payee.bank_account.clone().unwrap_or_else(|| on_file(&payee.id_number));
    let order = format!("TF{}{:06}", on.strftime("%Y%m%d"), sitting.books().next("payment-order").await?);
    let amount_fen = lines.iter().map(|line| line.debit_fen - line.credit_fen).sum();
    lines.push(Line::credit(EXPENDITURE, amount_fen));
    let entry = accounts::post(sitting.books(), on, &order, lines).await?;
    if bounces(sitting, what, payee, &account).await? {
        accounts::reverse(sitting.books(), on, entry).await?;
        return Ok(Transfer::Bounced);
    }
    Ok(Transfer::Paid { order, account_tail: account.tail().to_owned() })
}

async fn bounces(sitting: &mut Sitting, what: &str, payee: &Payee, account: &BankAccount) -> Result<bool, Error> {
    if magic::scenario(payee.id_number.as_str()) != Some(magic::TRANSFER_BOUNCED) {
        return Ok(false);
    }
    match sitting.books().get(BOUNCED, what).await? {
        Some(bounced) => Ok(bounced.as_str() == Some(account.as_str())),
        None => {
            sitting.books().put(BOUNCED, what, json!(account.as_str())).await?;
            Ok(true)
        }
    }
}

/// The financial account of her social security card, as this agency has it: made up, and the same each time.
fn on_file(person: &CitizenId) -> BankAccount {
    let folded = person.as_str().bytes().fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 10_000_000_000);
    BankAccount::parse(&format!("622848{folded:010}")).expect("sixteen digits")
}

/// What was done before under an entry of a register, as its output tells it.
pub(super) fn output<Output: serde::de::DeserializeOwned>(outputs: Value) -> Result<Output, Error> {
    Ok(serde_json::from_value(outputs)?)
}
