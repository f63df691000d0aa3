//! The console: pages for administrators, made of what the admin API answers.
//!
//! Nothing here reads or changes anything by itself. A page says which requests of the admin API it
//! [needs](Page::needs), and is [shown](Page::show) with their answers; what somebody asks for with a
//! button is an [`Action`], which says the one request that does it. So the console can do what the admin
//! API offers, and nothing else. Pages hold no script: each works with links and forms alone.
#![warn(missing_docs)]

mod action;
mod api;
mod asset;
mod form;
mod page;
mod place;
mod view;

pub use action::{Action, Done};
pub use api::Request;
pub use asset::Asset;
pub use form::{Form, TooManyFields};
pub use page::{Page, Type, UnexpectedAnswer, export, failure, sign_in};
pub use place::Place;
pub use view::{Entered, View};
