// What the report of a data protection officer says: gathered from the log alone.
//
// Thread rule: main thread only.
#pragma once

#include <cstdint>
#include <string>

#include "cli/audit.h"
#include "cli/report_document.h"
#include "storage/evidence/log_audit.h"

namespace hedgerow::cli {

// Requests that were accepted in the period; their later stages count up to `now_us`, the time of the report.
Result<ReportDocument> MakeReport(const storage::LogFiles& log, const storage::AuditReport& audit,
                                  const PeriodOptions& period, std::uint64_t now_us);

// The same day of the next month, or its last one: the deadline of Art. 12(3) for a request of this time.
std::uint64_t MonthAfter(std::uint64_t time_us);

}  // namespace hedgerow::cli
