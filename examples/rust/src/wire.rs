//! The part of server/hedgerow.capnp that this client uses: interfaces, and where the fields stand in their structs.
//!
//! The schema compiler's plugin for Rust writes such code, but Debian has only the run-time crates. So it stands here by
//! hand, after `capnp compile -ocapnp server/hedgerow.capnp`, which prints ids and offsets. They never change (docs/rpc.md,
//! "Evolution"). Whoever has the plugin (crate capnpc) needs nothing of this file.

use capnp::any_pointer;
use capnp::capability::{self, FromClientHook, RemotePromise, Request, Response};
use capnp::private::capability::ClientHook;
use capnp::private::layout::{
    ElementSize, ListReader, PointerBuilder, PointerReader, StructBuilder, StructReader, StructSize,
};
use capnp::traits::{FromPointerBuilder, FromPointerReader};
use capnp::{primitive_list, Result, Word};

pub mod gateway {
    pub const ID: u64 = 0xd083949f7516febc;
    pub const PREDICTOR: u16 = 3;
    pub const ERASER: u16 = 4;
}
pub mod predictor {
    pub const ID: u64 = 0x8146f1c592ed07b1;
    pub const INFO: u16 = 0;
    pub const PREDICT: u16 = 1;
}
pub mod eraser {
    pub const ID: u64 = 0x84ff049cffa9869d;
    pub const FORGET: u16 = 0;
}
pub mod ticket {
    pub const ID: u64 = 0xb10e7e4c7d856bac;
    pub const AWAIT: u16 = 0;
}

/// Stage: how far an update has come.
pub const DURABLE: u16 = 1;

const fn size(data: u16, pointers: u16) -> StructSize {
    StructSize { data, pointers }
}

/// A capability of the server.
pub struct Remote(capability::Client);

impl FromClientHook for Remote {
    fn new(hook: Box<dyn ClientHook>) -> Remote {
        Remote(capability::Client::new(hook))
    }
}

/// An answer on its way, and capabilities that it will bring and that may be called already.
pub type Answer = RemotePromise<any_pointer::Owned>;

pub fn promised(answer: &Answer, pointer: u16) -> Remote {
    Remote::new(answer.pipeline.get_pointer_field(pointer).as_cap())
}

struct Params<'a>(StructBuilder<'a>);
struct Fields<'a>(StructReader<'a>);

impl<'a> FromPointerBuilder<'a> for Params<'a> {
    // The size is that of the largest parameters here; a receiver takes a struct of any size.
    fn init_pointer(builder: PointerBuilder<'a>, _length: u32) -> Params<'a> {
        Params(builder.init_struct(size(1, 1)))
    }
    fn get_from_pointer(builder: PointerBuilder<'a>, default: Option<&'a [Word]>) -> Result<Params<'a>> {
        Ok(Params(builder.get_struct(size(1, 1), default)?))
    }
}

impl<'a> FromPointerReader<'a> for Fields<'a> {
    fn get_from_pointer(reader: &PointerReader<'a>, default: Option<&'a [Word]>) -> Result<Fields<'a>> {
        Ok(Fields(reader.get_struct(default)?))
    }
}

type Call = Request<any_pointer::Owned, any_pointer::Owned>;

/// `predictor(store)` and `eraser(store)`; the capability is pointer 1 of the answer.
pub fn ask_for(gateway: &Remote, method: u16, store: &str) -> Answer {
    let mut call: Call = gateway.0.new_call(gateway::ID, method, None);
    let params: Params = call.get().init_as();
    params.0.get_pointer_field(0).set_text(store);
    call.send()
}

/// `Predictor.info()`
pub fn info(predictor: &Remote) -> Answer {
    let mut call: Call = predictor.0.new_call(predictor::ID, predictor::INFO, None);
    let _: Params = call.get().init_as();
    call.send()
}

/// `Predictor.predict(row, notBefore)` of a row that knows nothing: a Value that was not set is `missing`.
pub fn predict(predictor: &Remote, features: u32, not_before: u64) -> Answer {
    let mut call: Call = predictor.0.new_call(predictor::ID, predictor::PREDICT, None);
    let params: Params = call.get().init_as();
    params.0.set_data_field(0, not_before);
    let row = params.0.get_pointer_field(0).init_struct(size(1, 1));
    row.get_pointer_field(0).init_struct_list(features, size(1, 1));
    call.send()
}

/// `Eraser.forget(request)` of one record; the ticket is pointer 1 of the answer.
pub fn forget(eraser: &Remote, record: u64) -> Answer {
    let mut call: Call = eraser.0.new_call(eraser::ID, eraser::FORGET, None);
    let params: Params = call.get().init_as();
    let request = params.0.get_pointer_field(0).init_struct(size(1, 3));
    let mut records: primitive_list::Builder<u64> = FromPointerBuilder::init_pointer(request.get_pointer_field(1), 1);
    records.set(0, record);
    call.send()
}

/// `Ticket.await(stage)`
pub fn wait_for(ticket: &Remote, stage: u16) -> Answer {
    let mut call: Call = ticket.0.new_call(ticket::ID, ticket::AWAIT, None);
    let params: Params = call.get().init_as();
    params.0.set_data_field(0, stage);
    call.send()
}

// ---- What comes back ------------------------------------------------------------------------------------------------

/// What the server says against a request.
pub struct Problem {
    pub code: u16,
    pub message: String,
    pub remedy: String,
}

/// Expected outcomes are values; an Err of `Result` is a broken connection or a message that is malformed.
pub type Outcome<T> = Result<std::result::Result<T, Problem>>;

fn problem(problem: StructReader<'_>) -> Result<Problem> {
    Ok(Problem {
        code: problem.get_data_field(0),
        message: problem.get_pointer_field(0).get_text(None)?.to_string(),
        remedy: problem.get_pointer_field(2).get_text(None)?.to_string(),
    })
}

fn result(response: &Response<any_pointer::Owned>) -> Result<StructReader<'_>> {
    let fields: Fields = response.get()?.get_as()?;
    fields.0.get_pointer_field(0).get_struct(None)
}

fn structs(pointer: PointerReader<'_>) -> Result<ListReader<'_>> {
    pointer.get_list(ElementSize::InlineComposite, None)
}

/// Number of features and names of classes, out of ModelInfo.
pub fn read_info(response: &Response<any_pointer::Owned>) -> Result<(u32, Vec<String>)> {
    let info = result(response)?;
    let features = structs(info.get_pointer_field(2))?.len();
    let names = info.get_pointer_field(3).get_list(ElementSize::Pointer, None)?;
    let mut classes = Vec::new();
    for i in 0..names.len() {
        classes.push(names.get_pointer_element(i).get_text(None)?.to_string());
    }
    Ok((features, classes))
}

/// Done: a struct with a union of nothing and a problem.
pub fn read_done(response: &Response<any_pointer::Owned>) -> Outcome<()> {
    let done = result(response)?;
    match done.get_data_field::<u16>(0) {
        0 => Ok(Ok(())),
        _ => Ok(Err(problem(done.get_pointer_field(0).get_struct(None)?)?)),
    }
}

/// Probabilities, and the sequence number of the model that gave them.
pub fn read_prediction(response: &Response<any_pointer::Owned>) -> Outcome<(Vec<f64>, u64)> {
    let result = result(response)?;
    let member = result.get_pointer_field(0).get_struct(None)?;
    if result.get_data_field::<u16>(0) != 0 {
        return Ok(Err(problem(member)?));
    }
    let probabilities: primitive_list::Reader<f64> =
        FromPointerReader::get_from_pointer(&member.get_pointer_field(0), None)?;
    Ok(Ok((probabilities.iter().collect(), member.get_data_field(0))))
}

/// How many records left the first store, and the number of the update; nothing if one of them was never there.
pub fn read_update(response: &Response<any_pointer::Owned>) -> Outcome<Option<(u64, u64)>> {
    let result = result(response)?;
    match result.get_data_field::<u16>(0) {
        0 => {
            let store = structs(result.get_pointer_field(0))?.get_struct_element(0);
            let outcome = store.get_pointer_field(1).get_struct(None)?;
            Ok(Ok(Some((outcome.get_data_field(2), outcome.get_data_field(0)))))
        }
        1 => Ok(Ok(None)),
        // Of one record in one store there is no `partial`, so what stands here is a problem, or comes from a newer server.
        _ => Ok(Err(problem(result.get_pointer_field(0).get_struct(None)?)?)),
    }
}
