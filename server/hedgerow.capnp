# The interface of a Hedgerow server: standard Cap'n Proto RPC, so that any implementation of it can connect.
# How to use it from other languages: docs/rpc.md.
#
# Rules of evolution: ordinals are never used again and never change their meaning; new fields and methods go to the end.
# What a caller has to expect (unknown records, overload, no right to) is a member of the result's union; an RPC
# exception is a broken connection, a capability that was never granted, or a defect.

@0xd3a1c7b0f5e24986;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("hedgerow::server::wire");

# How far an update has come. Each stage includes those before it.
enum Stage {
  unlearned @0;  # no prediction depends on the records; survives the end of the process
  durable @1;    # survives a power failure
  exact @2;      # the model equals one that was grown without the records
  erased @3;     # no file of the store holds the records' bytes
}

# The letter of GDPR Art. 17(1).
enum Ground {
  none @0;
  a @1;
  b @2;
  c @3;
  d @4;
  e @5;
  f @6;
}

# Who asked.
enum Asker {
  none @0;
  dataSubject @1;
  representative @2;
  controller @3;
  processor @4;
  authority @5;
}

enum UpdateKind {
  none @0;
  forget @1;
  learn @2;
  correct @3;
}

# What went wrong, where, and what to do about it. Never holds a record's content nor a person's id.
struct Problem {
  code @0 :Code;
  message @1 :Text;
  place @2 :Text;
  remedy @3 :Text;
  retryAfterMs @4 :UInt32;  # of `overloaded`

  enum Code {
    internal @0;
    usage @1;
    badInput @2;
    unknownRecord @3;
    storeUnavailable @4;
    storeDamaged @5;
    unreachable @6;
    io @7;
    overloaded @8;    # come again after `retryAfterMs`
    unauthorised @9;
    notYet @10;       # the server has not come as far as the caller wants
  }
}

# What a method answers that has nothing else to say.
struct Done {
  union {
    done @0 :Void;
    problem @1 :Problem;
  }
}

# ---- Coming in ------------------------------------------------------------------------------------------------------

# The bootstrap capability. On a unix socket it has the roles of the peer's user; on TCP it has none before `login`.
# An empty name of a store stands for the only one. A capability that is not granted is null: calls that are pipelined
# onto it fail.
interface Gateway {
  ping @0 ();
  info @1 () -> (info :ServerInfo);
  # A gateway with the roles of the token beside those of this one.
  login @2 (token :Text) -> (result :Done, gateway :Gateway);
  predictor @3 (store :Text) -> (result :Done, predictor :Predictor);
  # An empty name stands for all stores.
  eraser @4 (store :Text) -> (result :Done, eraser :Eraser);
  learner @5 (store :Text) -> (result :Done, learner :Learner);
  auditor @6 (store :Text) -> (result :Done, auditor :Auditor);
  operator @7 () -> (result :Done, operator :Operator);
}

struct ServerInfo {
  version @0 :Text;
  stores @1 :List(Text);  # empty without any role
  roles @2 :List(Text);   # predict, erase, learn, audit, operate
  maxBatchRows @3 :UInt32;
  maxMessageBytes @4 :UInt64;
}

struct Feature {
  name @0 :Text;
  type @1 :Type;

  enum Type {
    numeric @0;
    categorical @1;
  }
}

struct Parameters {
  seed @0 :UInt64;
  trees @1 :UInt32;
  occupancy @2 :UInt32;
  maxDepth @3 :UInt32;
  minSplit @4 :UInt32;
  minLeaf @5 :UInt32;
  maxFeatures @6 :UInt32;
  thresholds @7 :UInt32;
  smoothing @8 :Float64;
}

# What does not change for as long as the store lives, but for the sequence number.
struct ModelInfo {
  store @0 :Text;
  name @1 :Text;
  features @2 :List(Feature);
  classes @3 :List(Text);
  label @4 :Text;         # name of the column with the class
  idColumn @5 :Text;      # names of columns; may be empty
  subjectColumn @6 :Text;
  parameters @7 :Parameters;
  categoryKey @8 :Data;   # 16 bytes; for callers that encode cells themselves (docs/model.md)
  sequence @9 :UInt64;    # number of the last update
}

# ---- Predicting -----------------------------------------------------------------------------------------------------

struct Value {
  union {
    missing @0 :Void;
    number @1 :Float32;  # finite
    text @2 :Text;       # of a categorical feature; not empty
  }
}

# A value for each feature, in the schema's order.
struct Row {
  union {
    values @0 :List(Value);
    cells @1 :List(Int32);  # encoded by the caller (docs/model.md, "Cells")
  }
}

# The values of one feature in `count` rows.
struct Column {
  union {
    numbers @0 :List(Float32);  # NaN: missing
    texts @1 :List(Text);       # empty: missing
    cells @2 :List(Int32);      # encoded by the caller
  }
}

struct Batch {
  count @0 :UInt32;
  columns @1 :List(Column);  # one a feature, in the schema's order
}

struct Prediction {
  probabilities @0 :List(Float64);  # one a class; of a batch row by row
  sequence @1 :UInt64;              # the model has at least the updates up to this number
}

struct PredictResult {
  union {
    prediction @0 :Prediction;
    problem @1 :Problem;
  }
}

struct Classification {
  classes @0 :List(UInt16);  # one a row: the index into `ModelInfo.classes` of the first with the largest probability
  sequence @1 :UInt64;       # as of a prediction
}

struct ClassResult {
  union {
    classification @0 :Classification;
    problem @1 :Problem;
  }
}

# `notBefore` is the sequence number of an update that the prediction must know of, such as one's own erasure. The
# answer is `notYet` if the model has not come as far.
interface Predictor {
  info @0 () -> (info :ModelInfo);
  predict @1 (row :Row, notBefore :UInt64) -> (result :PredictResult);
  predictBatch @2 (batch :Batch, notBefore :UInt64) -> (result :PredictResult);
  # The most probable class alone, which the model finds with less work.
  classify @3 (row :Row, notBefore :UInt64) -> (result :ClassResult);
  classifyBatch @4 (batch :Batch, notBefore :UInt64) -> (result :ClassResult);
}

# ---- Changing the model ---------------------------------------------------------------------------------------------

struct Effect {
  trees @0 :UInt64;
  nodes @1 :UInt64;
  flips @2 :UInt64;
  flippedRecords @3 :UInt64;
  redraws @4 :UInt64;
  collapses @5 :UInt64;
  regrowths @6 :UInt64;
  queued @7 :UInt64;
  hedgeHits @8 :UInt64;
}

# What an update did in one store. If anything is unknown, nothing was changed.
struct Outcome {
  store @0 :Text;
  requestId @1 :Text;
  sequence @2 :UInt64;  # 0: nothing had to be done
  repeated @3 :Bool;    # the request was carried out earlier: `records` are not told again
  recordCount @4 :UInt64;
  records @5 :List(UInt64);
  unknown @6 :List(UInt64);
  alreadyForgotten @7 :List(UInt64);
  unknownSubjects @8 :List(UInt32);  # positions in the request's list
  alreadyForgottenSubjects @9 :List(UInt32);
  effect @10 :Effect;
  rootBefore @11 :Data;  # 32 bytes if the request wanted roots, else empty
  rootAfter @12 :Data;
  updateUs @13 :Float64;  # the forest's update alone
  commitUs @14 :Float64;  # writing the journal, without a sync
  # If the request wanted receipts and changed something: one for each whom it named, records first, then subjects; for
  # `Ticket.receipts`. They are nowhere else: not in the store, and not in an answer to the same request made again.
  openings @15 :List(Text);
}

struct StoreResult {
  store @0 :Text;
  union {
    outcome @1 :Outcome;
    problem @2 :Problem;
  }
}

struct UpdateResult {
  union {
    done @0 :List(StoreResult);     # one a store, all of them outcomes
    unknown @1 :List(StoreResult);  # somebody or something is not there; nothing was changed
    partial @2 :List(StoreResult);  # some stores failed: make the request again, with the same id
    problem @3 :Problem;            # nothing was done
  }
}

struct ForgetRequest {
  requestId @0 :Text;  # a UUID; a request is carried out once, however often it comes. Empty: a new one is made up
  records @1 :List(UInt64);
  subjects @2 :List(Text);
  ground @3 :Ground;
  dryRun @4 :Bool;     # tells who would go, and changes nothing
  withRoots @5 :Bool;  # takes the model's root before and after
  asker @6 :Asker;
  withOpenings @7 :Bool;  # for receipts: then at most 256 may be named
}

interface Eraser {
  # Returns at the stage `unlearned`. The ticket may be used at once, before the result is there.
  forget @0 (request :ForgetRequest) -> (result :UpdateResult, ticket :Ticket);
  # The ticket of an earlier request.
  find @1 (requestId :Text) -> (result :Done, ticket :Ticket);
}

# An update on its way. Of a request that failed, all methods answer with its problem.
interface Ticket {
  await @0 (stage :Stage) -> (result :Done);
  # Waits until the stage is reached in this store (an empty name: the only one) and is in the signed log, and gives a
  # receipt with each opening, or without any a single one that does not tell whom the request named. Receipts are in
  # the form of docs/evidence.md, and can be checked with nothing but the log's public key. Of an erasure that was made
  # in parts, these are of its last part, and `parts` has those of the parts before, from `firstPart` on.
  receipts @1 (stage :Stage, store :Text, openings :List(Text), firstPart :UInt64) -> (result :ReceiptsResult);
}

struct ReceiptsResult {
  union {
    receipts @0 :List(Text);
    problem @1 :Problem;
  }
  # Receipts of the parts before the last one, counted from 0, without openings: those from `firstPart` on, at most 512
  # and about a mebibyte. Ask again from the one after them while there are more. One after the other, and then one of
  # `receipts`, they are the receipt of the whole request.
  parts @2 :List(Text);
  partCount @3 :UInt64;  # of all parts; 1: the request was made at once
}

# Records to learn, or to put in the place of those with the same ids.
struct RowsRequest {
  requestId @0 :Text;
  ids @1 :List(UInt64);
  labels @2 :List(UInt16);   # indices into `ModelInfo.classes`
  subjects @3 :List(Text);   # empty, or one a record (an empty text: nobody, or as it was)
  rows @4 :Batch;
  withRoots @5 :Bool;
  asker @6 :Asker;
}

interface Learner {
  info @0 () -> (info :ModelInfo);
  learn @1 (request :RowsRequest) -> (result :UpdateResult, ticket :Ticket);
  correct @2 (request :RowsRequest) -> (result :UpdateResult, ticket :Ticket);
}

# ---- Looking at it --------------------------------------------------------------------------------------------------

struct Request {
  requestId @0 :Text;
  kind @1 :UpdateKind;
  ground @2 :Ground;
  timeUs @3 :UInt64;  # since 1970, UTC
  records @4 :UInt64;
  stage @5 :Stage;
  sequence @6 :UInt64;
}

struct RequestResult {
  union {
    request @0 :Request;
    notFound @1 :Void;
    problem @2 :Problem;
  }
}

struct Verification {
  equal @0 :Bool;
  root @1 :Data;
  regrownRoot @2 :Data;
  records @3 :UInt64;
  sequence @4 :UInt64;  # the update as of which both roots were taken
  seconds @5 :Float64;
}

struct VerifyResult {
  union {
    verification @0 :Verification;
    problem @1 :Problem;
  }
}

struct Size {
  name @0 :Text;
  bytes @1 :UInt64;
}

# Root and counts are as of one moment, after update `sequence`. Robustness and memory are found tree by tree, with
# updates in between, the last of which is `surveyedThrough`.
struct StoreInfo {
  root @0 :Data;
  sequence @1 :UInt64;
  records @2 :UInt64;
  withSubject @3 :UInt64;
  forgotten @4 :UInt64;
  pendingErasures @5 :UInt64;
  checkpointAgeS @6 :Float64;  # negative: never
  robustness @7 :List(UInt64);
  memory @8 :List(Size);
  disk @9 :List(Size);
  tables @10 :List(Size);
  background @11 :Background;
  memoryParts @12 :List(MemoryPart);
  surveyedThrough @13 :UInt64;
}

struct MemoryPart {
  name @0 :Text;    # "forest: small trees": what it belongs to comes first
  count @1 :UInt64; # how many of them there are
  bytes @2 :UInt64;
}

# What updates have left to the background, and what it has done since the store was opened.
struct Background {
  queued @0 :UInt64;             # quarantined places
  quarantinedRecords @1 :UInt64; # below them, summed over trees
  quarantinedShare @2 :Float64;  # of all records' votes
  hedges @3 :UInt64;
  hedgeBytes @4 :UInt64;
  flips @5 :UInt64;
  hedgeHits @6 :UInt64;
  queuedEver @7 :UInt64;
}

struct InfoResult {
  union {
    info @0 :StoreInfo;
    problem @1 :Problem;
  }
}

# The log (docs/evidence.md). What is here of it is what its newest checkpoint covers: the signed part, which is a second
# behind the store at the most. Entries count from 0 and never change, so pages that are read one after the other fit
# together though the log grows.
struct LogHead {
  checkpoint @0 :Text;  # a signed note
  size @1 :UInt64;      # entries that it covers
  keys @2 :List(Text);  # public keys, the newest last; compare them with those that came in another way
  parameters @3 :Text;  # what the model is grown with; its SHA-256 stands in the entries
}

struct LogHeadResult {
  union {
    head @0 :LogHead;
    problem @1 :Problem;
  }
}

struct LogEntry {
  index @0 :UInt64;
  text @1 :Text;
}

struct LogPage {
  entries @0 :List(LogEntry);
  size @1 :UInt64;  # of the log
}

struct LogPageResult {
  union {
    page @0 :LogPage;
    problem @1 :Problem;
  }
}

struct ReceiptResult {
  union {
    receipt @0 :Text;
    problem @1 :Problem;
  }
}

struct Consistency {
  hashes @0 :List(Data);  # RFC 6962, section 2.1.2
  size @1 :UInt64;        # of the newer log
  checkpoint @2 :Text;    # that covers the newer log; empty if the newest covers more
}

struct ConsistencyResult {
  union {
    consistency @0 :Consistency;
    problem @1 :Problem;
  }
}

struct HashesResult {
  union {
    hashes @0 :Data;
    problem @1 :Problem;
  }
}

interface Auditor {
  model @0 () -> (info :ModelInfo);
  info @1 () -> (result :InfoResult);
  status @2 (requestId :Text) -> (result :RequestResult);
  # Grows the forest anew from the live records of one moment; takes as long as training.
  verify @3 () -> (result :VerifyResult);

  log @4 () -> (result :LogHeadResult);
  # Entries from `first` on, at most `count`, 1,024 and about a mebibyte, and at least one if there is one; none where
  # `first` is the log's size. Ask again from the one after the last.
  list @5 (first :UInt64, count :UInt32) -> (result :LogPageResult);
  # The entries of a request from `first` on, as many as `list` gives at once; none if the signed log has no more of it.
  show @6 (requestId :Text, first :UInt64) -> (result :LogPageResult);
  # A receipt of this entry, without an opening: the entry, its inclusion proof, and the checkpoint.
  prove @7 (index :UInt64) -> (result :ReceiptResult);
  # That the log of `size` entries (0: the newest checkpoint's) continues the one of `oldSize`.
  consistency @8 (oldSize :UInt64, size :UInt64) -> (result :ConsistencyResult);
  # A tile of the log's hashes (c2sp.org/tlog-tiles), 32 bytes each: for copies of the whole log, and for proofs of one's
  # own.
  tile @9 (level :UInt8, index :UInt64) -> (result :HashesResult);
}

interface Operator {
  metrics @0 () -> (text :Text);  # Prometheus text format
  checkpoint @1 (store :Text) -> (result :Done);
  # Erases from the disk what was forgotten.
  compact @2 (store :Text) -> (result :Done);
  # Reads tokens and certificates again.
  reload @3 () -> (result :Done);
  # Accepts nothing new, finishes what is there, writes checkpoints and ends the server.
  shutdown @4 () -> (result :Done);
}
