// A client of a server: predicts a row of missing values, forgets a record, waits until that is on the disk, and reads
// its own erasure.
//     client ADDRESS RECORD
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "server/client.h"

using namespace hedgerow;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  server::ClientOptions options;
  options.address = argv[1];
  if (const char* token = std::getenv("HEDGEROW_TOKEN")) options.token = token;
  const auto client = server::Client::Connect(options);
  if (!client) return std::fprintf(stderr, "%s\n", client.error().ToString().c_str()), 1;
  const auto info = (*client)->Info();
  if (!info) return std::fprintf(stderr, "%s\n", info.error().ToString().c_str()), 1;

  const std::vector<datasets::Cell> row(info->model.width(), datasets::kMissing);
  const auto before = (*client)->Predict(row);
  if (!before) return std::fprintf(stderr, "%s\n", before.error().ToString().c_str()), 1;
  std::printf("P(%s) = %.3f\n", info->model.schema.classes[1].c_str(), before->probabilities[1]);

  storage::ForgetRequest request;
  request.records = {std::strtoull(argv[2], nullptr, 10)};
  const auto update = (*client)->Forget(request, storage::Stage::kDurable);
  if (!update) return std::fprintf(stderr, "%s\n", update.error().ToString().c_str()), 1;
  if (update->kind != server::Update::Kind::kDone) return std::fprintf(stderr, "no such record\n"), 1;
  const storage::Outcome& outcome = *update->stores[0].result;
  const auto after = (*client)->Predict(row, outcome.sequence);
  if (!after) return std::fprintf(stderr, "%s\n", after.error().ToString().c_str()), 1;
  std::printf("forgot %zu record, update %llu\n", outcome.records.size(),
              static_cast<unsigned long long>(after->sequence));
  return 0;
}
