#include "bench/steady_reader.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "bench/pace.h"

namespace hedgerow::bench {

SteadyReader::SteadyReader(const Data& data, const unlearn::Model& model, double per_second)
    : thread_([this, &data, &model, per_second] { Run(data, model, per_second); }) {}

SteadyReader::Answers SteadyReader::Stop() {
  stop_ = true;
  thread_.join();
  return std::move(answers_);
}

void SteadyReader::Run(const Data& data, const unlearn::Model& model, double per_second) {
  prctl(PR_SET_TIMERSLACK, 1);
  std::vector<double> answer(data.schema.classes.size());
  Pace pace(per_second);
  for (std::size_t i = 0; !stop_; ++i) {
    const std::size_t row = i % data.test.size();
    pace.Next();
    const Stopwatch watch;
    model.Predict(data.test.row(row).data(), answer.data());
    answers_.latencies.Add(watch.Microseconds());
    const auto likeliest = std::max_element(answer.begin(), answer.end()) - answer.begin();
    if (likeliest == data.test.labels[row]) ++answers_.right;
  }
}

}  // namespace hedgerow::bench
