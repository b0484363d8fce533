// The calls that predict (client.h), in either form: probabilities, or classes alone.
#include "server/client_core.h"
#include "server/client_wait.h"

namespace hedgerow::server {

using datasets::Cell;

namespace {

Result<Prediction> ReadAnswer(wire::PredictResult::Reader result) {
  if (!result.isPrediction()) return ReadProblem(result.getProblem());
  Prediction prediction;
  const auto from = result.getPrediction();
  prediction.sequence = from.getSequence();
  const auto probabilities = from.getProbabilities();
  prediction.probabilities.reserve(probabilities.size());
  for (const double p : probabilities) prediction.probabilities.push_back(p);
  return prediction;
}

Result<Classification> ReadAnswer(wire::ClassResult::Reader result) {
  if (!result.isClassification()) return ReadProblem(result.getProblem());
  Classification classification;
  const auto from = result.getClassification();
  classification.sequence = from.getSequence();
  const auto classes = from.getClasses();
  classification.classes.reserve(classes.size());
  for (const std::uint16_t code : classes) {
    if (code >= datasets::kMaxClasses) return SenselessAnswer();
    classification.classes.push_back(static_cast<datasets::ClassCode>(code));
  }
  return classification;
}

// `make(predictor)` gives the request of a form; what is filled in and read is alike.
template <class T, class Make>
void AskOfRow(Client::Impl& impl, Make make, std::vector<Cell> row, std::uint64_t not_before, Reply<T> reply) {
  impl.Post([make, row = std::move(row), not_before, reply = std::move(reply)](ClientCore& core) {
    auto request = make(core.Predictor());
    WriteRow(row, request.initRow());
    request.setNotBefore(not_before);
    core.Send(
        request, [reply](auto& response) { reply(ReadAnswer(response.getResult())); }, reply);
  });
}

template <class T, class Make>
void AskOfBatch(Client::Impl& impl, Make make, std::vector<Cell> rows, std::size_t width, std::uint64_t not_before,
                Reply<T> reply) {
  impl.Post([&impl, make, rows = std::move(rows), width, not_before, reply = std::move(reply)](ClientCore& core) {
    auto request = make(core.Predictor());
    WriteBatch(rows, width, request.initBatch());
    request.setNotBefore(not_before);
    if (Status fits = impl.Fits(request.totalSize()); !fits) return reply(fits.error());
    core.Send(
        request, [reply](auto& response) { reply(ReadAnswer(response.getResult())); }, reply);
  });
}

}  // namespace

void Client::Predict(std::vector<Cell> row, std::uint64_t not_before, Reply<Prediction> reply) {
  const auto make = [](wire::Predictor::Client predictor) { return predictor.predictRequest(); };
  AskOfRow(*impl_, make, std::move(row), not_before, std::move(reply));
}

Result<Prediction> Client::Predict(std::span<const Cell> row, std::uint64_t not_before) {
  return Wait<Result<Prediction>>([&](auto done) { Predict({row.begin(), row.end()}, not_before, done); });
}

void Client::PredictBatch(std::vector<Cell> rows, std::size_t width, std::uint64_t not_before,
                          Reply<Prediction> reply) {
  const auto make = [](wire::Predictor::Client predictor) { return predictor.predictBatchRequest(); };
  AskOfBatch(*impl_, make, std::move(rows), width, not_before, std::move(reply));
}

Result<Prediction> Client::PredictBatch(std::span<const Cell> rows, std::size_t width, std::uint64_t not_before) {
  return Wait<Result<Prediction>>([&](auto done) {
    PredictBatch({rows.begin(), rows.end()}, width, not_before, done);
  });
}

void Client::Classify(std::vector<Cell> row, std::uint64_t not_before, Reply<Classification> reply) {
  const auto make = [](wire::Predictor::Client predictor) { return predictor.classifyRequest(); };
  AskOfRow(*impl_, make, std::move(row), not_before, std::move(reply));
}

Result<Classification> Client::Classify(std::span<const Cell> row, std::uint64_t not_before) {
  return Wait<Result<Classification>>([&](auto done) { Classify({row.begin(), row.end()}, not_before, done); });
}

void Client::ClassifyBatch(std::vector<Cell> rows, std::size_t width, std::uint64_t not_before,
                           Reply<Classification> reply) {
  const auto make = [](wire::Predictor::Client predictor) { return predictor.classifyBatchRequest(); };
  AskOfBatch(*impl_, make, std::move(rows), width, not_before, std::move(reply));
}

Result<Classification> Client::ClassifyBatch(std::span<const Cell> rows, std::size_t width, std::uint64_t not_before) {
  return Wait<Result<Classification>>([&](auto done) {
    ClassifyBatch({rows.begin(), rows.end()}, width, not_before, done);
  });
}

}  // namespace hedgerow::server
