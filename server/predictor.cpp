// Predicting (capabilities.h): one row and small batches on the event loop, since that takes microseconds; large
// batches on the service's threads.
#include "server/capabilities.h"

namespace hedgerow::server {
namespace {

void Write(const std::vector<double>& probabilities, std::uint64_t sequence, wire::Prediction::Builder to) {
  to.setSequence(sequence);
  auto list = to.initProbabilities(static_cast<unsigned>(probabilities.size()));
  for (unsigned i = 0; i < probabilities.size(); ++i) list.set(i, probabilities[i]);
}

class PredictorServer final : public wire::Predictor::Server, private PeerObject {
 public:
  PredictorServer(Peer& peer, HostedStore& store) : PeerObject(peer), store_(store) {}

  kj::Promise<void> info(InfoContext call) override {
    WriteModelInfo(InfoOf(store_), call.getResults().initInfo());
    return kj::READY_NOW;
  }

  kj::Promise<void> predict(PredictContext call) override {
    const auto start = Method::Clock::now();
    const auto params = call.getParams();
    const Result<std::vector<datasets::Cell>> row = ReadRow(params.getRow(), store_.model());
    const Status status =
        row ? PredictHere(*row, params.getNotBefore(), call.getResults().initResult()) : Status(row.error());
    if (!row) WriteProblem(row.error(), call.getResults().initResult().initProblem());
    methods().predict.Record(start, status);
    return kj::READY_NOW;
  }

  kj::Promise<void> predictBatch(PredictBatchContext call) override {
    const auto start = Method::Clock::now();
    const auto params = call.getParams();
    Result<std::vector<datasets::Cell>> rows = ReadBatch(params.getBatch(), store_.model(), service().max_batch_rows());
    if (!rows) return Refuse(call, start, rows.error());
    const std::uint64_t not_before = params.getNotBefore();
    call.releaseParams();
    if (rows->size() <= context().limits.inline_cells) {
      const Status status = PredictHere(*rows, not_before, call.getResults().initResult());
      methods().predict_batch.Record(start, status);
      return kj::READY_NOW;
    }
    return Ask<Result<BatchPrediction>>(
        [&](const auto& done) { service().PredictBatch(store_, std::move(*rows), not_before, done); },
        [this, call, start](Result<BatchPrediction> prediction) mutable {
          if (!prediction) {
            (void)Refuse(call, start, prediction.error());
            return;
          }
          Write(prediction->probabilities, prediction->sequence, call.getResults().initResult().initPrediction());
          methods().predict_batch.Record(start, {});
        });
  }

 private:
  Status PredictHere(const std::vector<datasets::Cell>& rows, std::uint64_t not_before,
                     wire::PredictResult::Builder result) {
    const std::size_t count = rows.size() / store_.model().width();
    std::vector<double> probabilities(count * store_.model().classes());
    const auto sequence = store_.Predict(rows.data(), count, not_before, probabilities.data(), *peer().executor);
    if (sequence) {
      Write(probabilities, *sequence, result.initPrediction());
      return {};
    }
    WriteProblem(sequence.error(), result.initProblem());
    return sequence.error();
  }

  kj::Promise<void> Refuse(PredictBatchContext& call, Method::Clock::time_point start, const Error& error) {
    WriteProblem(error, call.getResults().initResult().initProblem());
    methods().predict_batch.Record(start, error);
    return kj::READY_NOW;
  }

  HostedStore& store_;
};

}  // namespace

wire::Predictor::Client MakePredictor(Peer& peer, HostedStore& store) {
  return kj::heap<PredictorServer>(peer, store);
}

}  // namespace hedgerow::server
