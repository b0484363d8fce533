// Proves that the receipt of a large erasure, which is made in parts, has all of them when it comes over a connection,
// and also where one answer cannot hold them.
#include "storage/evidence/receipt.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

using storage::Identity;
using storage::Stage;

class ReceiptPartsTest : public RpcTest {};

// An erasure of more parts than an answer holds.
TEST_F(ReceiptPartsTest, AReceiptIsOfAllParts) {
  std::mt19937_64 random(tests::Seed(28));
  tests::Data data = People(random, {.records = 700, .features = 4, .classes = 3});
  for (std::size_t i = 0; i < 600; ++i) data.table.subjects[i] = "ann";
  options_.limits.part = 1;
  Start(data);
  const auto client = Connect();
  const auto update =
      client->Forget({.records = {data.table.ids[650]}, .subjects = {"ann"}}, Stage::kUnlearned, Openings::kWanted);
  ASSERT_TRUE(update.ok());
  const std::vector<Identity> named = storage::IdentitiesOf({data.table.ids[650]}, {"ann"});
  const auto receipts = update->ticket.Receipts(Stage::kExact, update->stores[0].openings);
  ASSERT_TRUE(receipts.ok()) << receipts.error().ToString();
  ASSERT_EQ(receipts->size(), 2U);
  std::vector<storage::NoteKey> keys;
  const auto log = client->Log();
  ASSERT_TRUE(log.ok()) << log.error().ToString();
  for (const std::string& key : log->keys) keys.push_back(*storage::ParseNoteKey(key));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto found = storage::CheckBundle(receipts->at(i), keys, named[i]);
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.parts.size(), 601U);
    EXPECT_EQ(found.opened, 601U);
    EXPECT_EQ(found.records, 601U);
    EXPECT_EQ(found.stage, "exact");
    EXPECT_NE(storage::CheckBundle(receipts->at(i), keys, named[1 - i]).problem, "");
  }
}

}  // namespace
}  // namespace hedgerow::server
