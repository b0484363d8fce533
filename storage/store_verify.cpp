// Growing a store's forest anew to compare it (store.h). Updates go on beside it: they wait while the records are
// copied, which is a matter of milliseconds where growing is one of seconds.
#include <fmt/format.h>

#include "storage/bytes.h"
#include "storage/store_impl.h"
#include "unlearn/robustness.h"

namespace hedgerow::storage {
namespace {

std::string Numbers(const std::vector<std::uint64_t>& numbers) {
  std::string text = numbers.empty() ? "none" : "";
  for (const std::uint64_t number : numbers) text += fmt::format("{}{}", text.empty() ? "" : " ", number);
  return text;
}

forest::Forest RegrowFrom(const forest::Records& records, const forest::Forest& like, forest::Executor& executor,
                          const unlearn::Progress& progress = {}) {
  forest::Forest regrown(like.parameters(), like.schema());
  regrown.Grow(records, executor, progress);
  return regrown;
}

}  // namespace

// The live records and the root of one moment.
struct Store::Impl::Copy {
  std::uint64_t sequence;
  forest::Digest root;
  HeldCopies::Hold hold;
  forest::Records records;
};

// Under `updates`.
std::unique_ptr<Store::Impl::Copy> Store::Impl::CopyRecords() {
  const forest::Digest root = Root();
  model.AwaitOverwritten(counters.sequence);  // or the copy would have rows that left before
  const auto still = model.Lock();
  return std::unique_ptr<Copy>(new Copy{counters.sequence, root, {copies, counters.sequence}, model.records()});
}

Comparison Store::Compare(forest::Executor& executor) {
  std::unique_ptr<Impl::Copy> copy;
  {
    const auto lock = impl_->LockForRoot();
    copy = impl_->CopyRecords();
  }
  forest::Forest regrown = RegrowFrom(copy->records, impl_->model.forest(), executor);
  return {copy->sequence, copy->records.size(), copy->root, regrown.Root(copy->records, executor)};
}

Result<Verification> Store::Verify(forest::Executor& executor, const unlearn::Progress& progress) {
  Verification found;
  bool enters = false;
  {
    const auto lock = impl_->updates.After();
    enters = !impl_->closed;
  }
  // Most of what the log lacks, some at a time; the rest when nothing more can come.
  if (enters) {
    if (Status status = impl_->LogExact(); !status) return status.error();
  }
  std::unique_ptr<Impl::Copy> copy;
  {
    const auto lock = impl_->LockForRoot();
    while (enters && !impl_->inexact.empty()) {
      if (Status status = impl_->LogSomeExact(); !status) return status.error();
    }
    copy = impl_->CopyRecords();
    if (impl_->log.root_at == copy->sequence) found.logged = impl_->log.root;
  }
  forest::Forest regrown = RegrowFrom(copy->records, impl_->model.forest(), executor, progress);
  found.sequence = copy->sequence;
  found.records = copy->records.size();
  found.root = copy->root;
  found.regrown = regrown.Root(copy->records, executor);
  copy.reset();
  if (!enters) return found;
  LogEntry entry{LogEntryType::kVerified, {}};
  entry.SetTime(NowUs()).Set("result", found.equal() ? "equal" : "different").Set("sequence", found.sequence);
  entry.Set("records", found.records).Set("root", found.root.ToHex()).Set("regrown-root", found.regrown.ToHex());
  entry.Set("parameters", impl_->parameters_hash).Set("seed", impl_->seed_commitment);
  entry.Set("robustness", Numbers(unlearn::RobustnessHistogram(regrown, executor)));
  if (Status status = impl_->AppendAlone(entry, {}); !status) return status.error();
  found.entered = true;
  return found;
}

}  // namespace hedgerow::storage
