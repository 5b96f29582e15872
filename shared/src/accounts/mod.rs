//! Who somebody is: names and passwords, registration, sessions and their tokens.

mod credential;
mod email;
mod login;
mod password;
mod password_change;
mod registration;
pub mod session;
mod sign_in;
pub mod sockets;
pub mod ticket;
mod token;
mod username;

pub(crate) use credential::{Credential, Lock};
pub use email::Email;
pub use login::Login;
pub use password::{Attempt, Password, PasswordHash, Passwords};
pub use password_change::{PasswordChange, change_password};
pub use registration::{Registration, account, register};
pub use session::{Device, Identity, Session, SessionEntry};
pub use sign_in::{SignIn, sign_in};
pub use token::Token;
pub use username::Username;

use crate::environment::App;
use crate::limits::{Limits, Rules};
use crate::push::Pushes;

/// What the operations on accounts need.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The table, time and ids.
    pub app: App,
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// Where tries are counted.
    pub limits: Limits,
    /// How many are allowed.
    pub rules: Rules,
    /// How the connections of sessions that end are closed.
    pub pushes: Pushes,
}

impl Accounts {
    /// With these rules.
    #[must_use]
    pub fn new(app: App, rules: Rules, pushes: Pushes) -> Self {
        let passwords = Passwords::new(app.ids.clone());
        let limits = Limits::of(&app);
        Self { app, passwords, limits, rules, pushes }
    }
}
