// Predicting (capabilities.h): one row and small batches on the event loop, since that takes microseconds; large
// batches on the service's threads. Probabilities and classes are two forms of one answer.
#include "server/capabilities.h"

namespace hedgerow::server {
namespace {

void Write(const Prediction& prediction, wire::PredictResult::Builder result) {
  auto to = result.initPrediction();
  to.setSequence(prediction.sequence);
  auto list = to.initProbabilities(static_cast<unsigned>(prediction.probabilities.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, prediction.probabilities[i]);
}

void Write(const Classification& classification, wire::ClassResult::Builder result) {
  auto to = result.initClassification();
  to.setSequence(classification.sequence);
  auto list = to.initClasses(static_cast<unsigned>(classification.classes.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, classification.classes[i]);
}

class PredictorServer final : public wire::Predictor::Server, private PeerObject {
 public:
  PredictorServer(Peer& peer, HostedStore& store) : PeerObject(peer), store_(store) {}

  kj::Promise<void> info(InfoContext call) override {
    WriteModelInfo(InfoOf(store_), call.getResults().initInfo());
    return kj::READY_NOW;
  }
  kj::Promise<void> predict(PredictContext call) override { return AskOfRow<Prediction>(call, methods().predict); }
  kj::Promise<void> predictBatch(PredictBatchContext call) override {
    return AskOfBatch<Prediction>(call, methods().predict_batch);
  }
  kj::Promise<void> classify(ClassifyContext call) override {
    return AskOfRow<Classification>(call, methods().classify);
  }
  kj::Promise<void> classifyBatch(ClassifyBatchContext call) override {
    return AskOfBatch<Classification>(call, methods().classify_batch);
  }

 private:
  template <class T, class Call>
  kj::Promise<void> AskOfRow(Call& call, Method& method) {
    const auto start = Method::Clock::now();
    const auto params = call.getParams();
    const Result<std::vector<datasets::Cell>> row = ReadRow(params.getRow(), store_.model());
    Finish(call, start, method, row ? AskHere<T>(*row, params.getNotBefore()) : row.error());
    return kj::READY_NOW;
  }

  template <class T, class Call>
  kj::Promise<void> AskOfBatch(Call& call, Method& method) {
    const auto start = Method::Clock::now();
    const auto params = call.getParams();
    Result<std::vector<datasets::Cell>> rows = ReadBatch(params.getBatch(), store_.model(), service().max_batch_rows());
    const std::uint64_t not_before = params.getNotBefore();
    call.releaseParams();
    if (!rows || rows->size() <= context().limits.inline_cells) {
      Finish(call, start, method, rows ? AskHere<T>(*rows, not_before) : rows.error());
      return kj::READY_NOW;
    }
    return Ask<Result<T>>(
        [&](const auto& done) { service().PredictBatch<T>(store_, std::move(*rows), not_before, done); },
        [call, start, &method](const Result<T>& answer) mutable { Finish(call, start, method, answer); });
  }

  template <class T>
  Result<T> AskHere(const std::vector<datasets::Cell>& rows, std::uint64_t not_before) {
    return store_.Predict<T>(rows, not_before, *peer().executor);
  }

  template <class T, class Call>
  static void Finish(Call& call, Method::Clock::time_point start, Method& method, const Result<T>& answer) {
    auto result = call.getResults().initResult();
    if (answer) {
      Write(*answer, result);
    } else {
      WriteProblem(answer.error(), result.initProblem());
    }
    method.Record(start, answer ? Status() : answer.error());
  }

  HostedStore& store_;
};

}  // namespace

wire::Predictor::Client MakePredictor(Peer& peer, HostedStore& store) {
  return kj::heap<PredictorServer>(peer, store);
}

}  // namespace hedgerow::server
