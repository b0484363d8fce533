// One model, measured: trained, asked, and made to forget.
//
// Thread rule: one thread, besides those that training and batches are given.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/data.h"
#include "bench/quantiles.h"
#include "bench/report.h"
#include "forest/parameters.h"
#include "unlearn/update.h"

namespace hedgerow::bench {

struct ExperimentOptions {
  forest::Parameters parameters;
  unsigned threads = 2;         // for training and batches; single predictions and forgetting use one
  std::size_t forgets = 3'000;  // random records, one at a time; at most half of them
  std::size_t predictions = 20'000;
  unsigned batches = 5;    // of 10,000 rows; the fastest one is told
  unsigned trainings = 3;  // the fastest one is told
  bool verify = false;     // grow anew after forgetting and compare the roots
};

struct Measurement {
  forest::Parameters parameters;  // resolved
  double train_s = 0;
  double accuracy = 0, auc = 0, log_loss = 0;
  double forest_bytes = 0, layout_bytes = 0, record_bytes = 0;
  double batch_rows_s = 0, class_rows_s = 0;
  Latencies forget, predict, predict_class;
  unlearn::Effect effect;  // of all the forgets
  bool equal = true;
};

Measurement Measure(const Data& data, const ExperimentOptions& options);

// The figures that every table has, in one order.
void DescribeQuality(const Measurement& m, Row& row);
void DescribeCost(const Measurement& m, Row& row);

}  // namespace hedgerow::bench
