// What the capabilities that change a model answer: results a store, and the ticket.
//
// Thread rule: the event loop's thread.
#pragma once

#include "server/capabilities.h"
#include "server/erasure.h"

namespace hedgerow::server {

// Writes the report, and tells how the request ended, for the record. `with_openings`: those of each store as well.
Status WriteReport(const ErasureReport& report, bool with_openings, wire::UpdateResult::Builder to);
// An update of one store as a report.
ErasureReport ToReport(const HostedStore& store, Result<storage::Outcome> outcome);
// What a ticket is for: the updates that were made, or why there are none.
std::variant<std::vector<Target>, Error> TargetsOf(Service& service, const ErasureReport& report);

}  // namespace hedgerow::server
