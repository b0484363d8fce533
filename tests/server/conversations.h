// What the client library sends in a call, for each call that there is: to be cut off or damaged.
//
// Thread rule: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "datasets/table.h"

namespace hedgerow::server {

struct Conversation {
  std::string name;
  std::string said;  // by the client, from connecting on
};

// Holds them with a server that has one store with these records, "person 1" among their subjects. `connect` gives a
// connected socket. They change the store, and ask the server to shut down.
std::vector<Conversation> RecordConversations(const std::function<int()>& connect, const datasets::Table& table);

// Behind which byte each of the messages in these bytes ends; the last one must be whole.
std::vector<std::size_t> MessageEnds(const std::string& bytes);

}  // namespace hedgerow::server
