// What the tests of the server share: small stores, a service over them, and waiting for answers.
//
// Thread rule: one thread, besides the service's own.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/service.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::server {

// Calls `start` with a function to be answered through, and waits for the answer.
template <class T, class Start>
T WaitFor(const Start& start) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  start([promise](auto&& answer) { promise->set_value(std::forward<decltype(answer)>(answer)); });
  return future.get();
}

class ServiceTest : public storage::StoreTest {
 protected:
  // A store on the disk, closed, with these persons.
  std::string MakeStore(const std::string& name, const tests::Data& data) {
    directory_ = scratch_.Path(name);
    Create(data);
    return directory_;
  }
  // 60 records with subjects, under ids from 0.
  tests::Data SomePeople(std::uint64_t seed) {
    std::mt19937_64 random(tests::Seed(seed));
    return People(random, {.records = 60, .features = 4, .classes = 3});
  }

  std::unique_ptr<Service> Serve(const std::vector<StoreSpec>& stores) {
    options_.stores = stores;
    auto service = Service::Open(options_);
    HEDGEROW_CHECK(service.ok(), "serving failed: " + (service.ok() ? "" : service.error().ToString()));
    return std::move(*service);
  }

  static ErasureReport EraseIn(Service& service, const storage::ForgetRequest& request, const std::string& name = "") {
    return WaitFor<ErasureReport>([&](auto done) { Erase(*service.FindAll(name), request, done); });
  }
  static Status AwaitIn(Service& service, const std::vector<Target>& targets, storage::Stage stage) {
    return WaitFor<Status>([&](auto done) { service.Await(targets, stage, done); });
  }
  template <class T>
  static Result<T> Ask(const std::function<void(const Answer<T>&)>& start) {
    return *WaitFor<std::shared_ptr<Result<T>>>(
        [&](auto done) { start([done](Result<T> answer) { done(std::make_shared<Result<T>>(std::move(answer))); }); });
  }

  // A subject of the data that has records, and how many.
  static std::pair<std::string, std::size_t> SomeSubject(const tests::Data& data) {
    for (const std::string& subject : data.table.subjects) {
      if (!subject.empty())
        return {subject,
                static_cast<std::size_t>(std::count(data.table.subjects.begin(), data.table.subjects.end(), subject))};
    }
    return {};
  }

  ServiceOptions options_;
};

}  // namespace hedgerow::server
