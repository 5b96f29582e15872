//! Listening on ports, and serving there.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::ListenerExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::{Options, StartError};

/// Listens on a port, which one of the options chose.
pub(crate) fn listen(
    options: &Options,
    port: u16,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let wrong = |error: std::io::Error| match error.kind() {
        ErrorKind::AddrNotAvailable => StartError::Address(options.bind, error),
        _ => StartError::Port(port, error, option),
    };
    let listener = bind(SocketAddr::new(options.bind, port)).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    Ok((listener, address))
}

/// Listens with room for many who come at once: with the usual 128, the others would try again
/// after a second.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port whose last connections have only just ended is free.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// The URL of an address, at which this machine itself reaches it.
pub(crate) fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

/// Who sent a request.
pub(crate) fn peer(request: &Request) -> SocketAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    peer.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Serves until it is stopped, and then answers what has been asked already.
pub(crate) async fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for more of them.
        let _ = stream.set_nodelay(true);
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async { drop(stopped.await) };
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "a server stopped");
    }
}
