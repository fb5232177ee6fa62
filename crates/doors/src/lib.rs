//! The doors for other programs: the Unix socket, HTTP and gRPC of one data folder. `solti serve` opens a [`Door`] for each
//! address that it is given; the app has [`Doors`], which are open while its settings say so.
//!
//! Who may come in is `solti-api`'s guards', what is said there `solti-http`'s and `solti-grpc`'s.
//!
//! ```no_run
//! use solti_api::guard::AccessToken;
//! use solti_doors::{Certificate, Door, Keys, folder};
//! use std::sync::Arc;
//! # async fn example(api: Arc<dyn solti_api::DesktopApi>, data_dir: &std::path::Path)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let folder = folder(data_dir);
//! let keys = Keys::with(&Arc::new(AccessToken::open(&folder)?));
//! let http = Door::Http {
//!     address: "127.0.0.1:7654".parse()?,
//!     hosts: vec![],
//!     certificate: Certificate::Generated,
//! };
//! let open = http.open(&folder, &api, &keys).await?;
//! println!("{}", open.address());
//! open.shut().await;
//! # Ok(()) }
//! ```

#![warn(missing_docs, unreachable_pub)]

mod door;
mod doors;
mod error;
mod keys;
mod places;
mod wanted;

pub use door::{Certificate, Door, OpenDoor};
pub use doors::{Behind, Doors};
pub use error::{BadAddress, DoorError};
pub use keys::Keys;
pub use places::{folder, socket};
pub use wanted::DoorFlags;
