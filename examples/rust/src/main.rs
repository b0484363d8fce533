//! A client in Rust: predicts a row of missing values, forgets a record, waits until that is on the disk, and reads its
//! own erasure. On a unix socket, where roles come with the user.
//!     hedgerow-client PATH RECORD

mod wire;

use std::error::Error;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::thread;

use capnp_rpc::{rpc_twoparty_capnp::Side, twoparty, RpcSystem};
use futures::channel::mpsc;
use futures::executor::{block_on, LocalPool};
use futures::io::{AllowStdIo, AsyncRead};
use futures::task::LocalSpawnExt;
use futures::{SinkExt, TryStreamExt};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// The socket as a stream that can be waited for: a thread reads it. (A program with an event loop of its own, such as
/// tokio's, hands the two halves of its socket to VatNetwork instead.)
fn incoming(mut socket: UnixStream) -> impl AsyncRead + Unpin {
    let (mut sender, receiver) = mpsc::channel(16);
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        loop {
            let read = socket.read(&mut buffer);
            let bytes = match read {
                Ok(0) => return,
                Ok(length) => Ok(buffer[..length].to_vec()),
                Err(error) => Err(error),
            };
            let last = bytes.is_err();
            if block_on(sender.send(bytes)).is_err() || last {
                return;
            }
        }
    });
    receiver.into_async_read()
}

fn granted<T>(outcome: Result<T, wire::Problem>) -> Fallible<T> {
    outcome.map_err(|problem| format!("{} ({}; code {})", problem.message, problem.remedy, problem.code).into())
}

async fn run(gateway: wire::Remote, record: u64) -> Fallible<()> {
    // Calls on what is still on its way: all of this goes out at once.
    let predictor_answer = wire::ask_for(&gateway, wire::gateway::PREDICTOR, "");
    let predictor = wire::promised(&predictor_answer, 1);
    let eraser_answer = wire::ask_for(&gateway, wire::gateway::ERASER, "");
    let eraser = wire::promised(&eraser_answer, 1);
    let info = wire::info(&predictor);
    granted(wire::read_done(&predictor_answer.promise.await?)?)?;
    granted(wire::read_done(&eraser_answer.promise.await?)?)?;
    let (features, classes) = wire::read_info(&info.promise.await?)?;

    let answer = wire::predict(&predictor, features, 0).promise.await?;
    let (before, _) = granted(wire::read_prediction(&answer)?)?;
    println!("P({}) = {:.3}", classes[1], before[1]);

    let forgetting = wire::forget(&eraser, record);
    let waiting = wire::wait_for(&wire::promised(&forgetting, 1), wire::DURABLE);
    let update = granted(wire::read_update(&forgetting.promise.await?)?)?;
    let (records, sequence) = update.ok_or("no such record")?;
    granted(wire::read_done(&waiting.promise.await?)?)?;
    println!("forgot {} record, update {}, durable", records, sequence);

    let answer = wire::predict(&predictor, features, sequence).promise.await?;
    let (after, known) = granted(wire::read_prediction(&answer)?)?;
    println!("P({}) = {:.3} as of update {}", classes[1], after[1], known);
    Ok(())
}

fn connect_and_run(path: &str, record: &str) -> Fallible<()> {
    let record = record.parse()?;
    let socket = UnixStream::connect(path)?;
    let reader = incoming(socket.try_clone()?);
    let network = twoparty::VatNetwork::new(reader, AllowStdIo::new(socket), Side::Client, Default::default());
    let mut rpc = RpcSystem::new(Box::new(network), None);
    let gateway: wire::Remote = rpc.bootstrap(Side::Server);
    let mut pool = LocalPool::new();
    pool.spawner().spawn_local(async move {
        // It ends with the connection, of which the calls then tell.
        let _ = rpc.await;
    })?;
    pool.run_until(run(gateway, record))
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() != 3 {
        eprintln!("usage: hedgerow-client PATH RECORD");
        std::process::exit(2);
    }
    if let Err(error) = connect_and_run(&arguments[1], &arguments[2]) {
        eprintln!("{}", error);
        std::process::exit(1);
    }
}
