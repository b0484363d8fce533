// The RAND Health Insurance Experiment as a data set for the demo: 20,190 person-years, public domain.
//
// The source is the file randhie.csv of statsmodels, as Debian packages it. Features are its columns but `mdvis`;
// the label is "visit" if mdvis > 0, else "none". The file has no person numbers; consecutive rows whose
// person-level columns agree are taken as one person.
//
// Thread rule: pure function.
#pragma once

#include <string>

#include "datasets/result.h"

namespace hedgerow::datasets {

// Reads randhie.csv and writes rand_visits-train.csv (4/5), -test.csv (1/5; whole persons) with id, subject,
// features, label, and rand_visits.schema.json, into `folder`, which must exist.
Status ConvertRandHie(const std::string& source, const std::string& folder);

}  // namespace hedgerow::datasets
