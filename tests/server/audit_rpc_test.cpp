// The log from afar: what a client reads over RPC is what the store's folder has, receipts of an erasure can be checked
// with the public key alone, and nobody gets what his role does not give him.
#include <fstream>
#include <limits>
#include <numeric>

#include "server/log_reader.h"
#include "storage/bytes.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/receipt.h"
#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

using storage::Hash;
using storage::Identity;
using storage::LogFiles;
using storage::Stage;

constexpr const char* kId = "00000000-0000-4000-8000-000000000001";
constexpr std::uint64_t kFarAway = std::numeric_limits<std::uint64_t>::max();

class AuditRpcTest : public RpcTest {
 protected:
  // Forgets records one by one and has the log signed.
  void Story(Client& client, const tests::Data& data, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      const auto update = client.Forget({.records = {data.table.ids[i]}});
      ASSERT_TRUE(update.ok());
      if (i + 1 != first + count) continue;
      ASSERT_TRUE(update->ticket.Receipts(Stage::kExact, {}).ok());
    }
  }
  static std::vector<storage::NoteKey> KeysOf(Client& client) {
    std::vector<storage::NoteKey> keys;
    const auto head = client.Log();
    for (const std::string& key : head->keys) keys.push_back(*storage::ParseNoteKey(key));
    return keys;
  }
  static std::string Problem(const std::string& receipt, const std::vector<storage::NoteKey>& keys,
                             const std::optional<Identity>& identity = {}) {
    return storage::CheckReceipt(receipt, keys, identity).problem;
  }
};

TEST_F(AuditRpcTest, TheLogIsThatOfTheFolder) {
  std::mt19937_64 random(tests::Seed(21));
  const tests::Data data = People(random, {.records = 400, .features = 4, .classes = 3});
  Start(data);
  const auto client = Connect();
  Story(*client, data, 0, 380);
  ASSERT_TRUE(client->Compact().ok());
  Story(*client, data, 380, 1);
  const auto log = LogFiles::Open(directory_);
  const auto head = client->Log();
  ASSERT_TRUE(head.ok()) << head.error().ToString();
  ASSERT_EQ(head->size, log->size());
  ASSERT_GT(head->size, kPageEntries);
  EXPECT_EQ(head->checkpoint, log->note().ToText());
  ASSERT_EQ(head->keys.size(), 1U);
  EXPECT_EQ(head->keys[0], log->keys()[0].ToText());
  std::vector<Hash> leaves;
  for (std::uint64_t next = 0; next < head->size;) {
    const auto page = client->ListLog(next, 1'000'000);
    ASSERT_TRUE(page.ok() && !page->entries.empty());
    EXPECT_LE(page->entries.size(), kPageEntries);
    for (const auto& [index, entry] : page->entries) {
      ASSERT_EQ(index, next++);
      ASSERT_EQ(entry, *log->Entry(index));
      leaves.push_back(storage::LeafHash(entry));
    }
  }
  EXPECT_EQ(storage::TreeHashOf(leaves), log->checkpoint().root);
  EXPECT_EQ(storage::ToHex(storage::BytesOf(storage::Sha256(head->parameters))),
            storage::DecodeLogEntry(*log->Entry(0))->Get("parameters"));
  for (const storage::Tile& tile : storage::TilesOf(head->size, 0)) {
    const auto hashes = client->LogTile(static_cast<std::uint8_t>(tile.level), tile.index);
    ASSERT_TRUE(hashes.ok());
    EXPECT_EQ(*hashes, *log->ReadTileFile(tile));
  }
}

TEST_F(AuditRpcTest, ProofsOfEveryEntryAndBetweenAllSizes) {
  const tests::Data data = SomePeople(22);
  Start(data);
  const auto client = Connect();
  Story(*client, data, 0, 12);
  const auto keys = KeysOf(*client);
  const std::uint64_t size = client->Log()->size;
  ASSERT_EQ(size, 25U) << "a start, and two stages each";
  std::vector<Hash> leaves;
  const auto page = client->ListLog(0, 100);
  for (const auto& [index, entry] : page->entries) {
    leaves.push_back(storage::LeafHash(entry));
    const auto receipt = client->ProveEntry(index);
    ASSERT_TRUE(receipt.ok());
    EXPECT_EQ(Problem(*receipt, keys), "") << index;
    EXPECT_EQ(storage::ParseReceipt(*receipt)->entry, entry);
  }
  const auto root = [&](std::uint64_t n) {
    return storage::TreeHashOf({leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(n)});
  };
  for (std::uint64_t to = 1; to <= size; ++to) {
    for (std::uint64_t from = 0; from <= to; ++from) {
      const auto proof = client->ProveConsistency(from, to);
      ASSERT_TRUE(proof.ok());
      std::vector<Hash> hashes;
      for (const std::string& hash : proof->hashes) hashes.push_back(storage::HashOf(hash));
      EXPECT_TRUE(storage::VerifyConsistency(from, to, root(from), root(to), hashes)) << from << " " << to;
      EXPECT_EQ(proof->checkpoint, to == size ? client->Log()->checkpoint : "");
    }
  }
  EXPECT_EQ(client->ProveConsistency(3)->size, size) << "0: the newest";
}

TEST_F(AuditRpcTest, AbsurdQuestionsHaveClearAnswers) {
  const tests::Data data = SomePeople(23);
  Start(data);
  const auto client = Connect();
  Story(*client, data, 0, 2);
  ASSERT_EQ(client->Log()->size, 5U);
  EXPECT_EQ(client->ListLog(3, 1)->entries.size(), 1U);
  EXPECT_TRUE(client->ListLog(5, 9)->entries.empty());
  EXPECT_EQ(client->ListLog(6, 9).error().message, "the log has 5 entries");
  EXPECT_EQ(client->ListLog(kFarAway, 1).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->ListLog(0, 0).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->ProveEntry(5).error().code, ErrorCode::kUnknownRecord);
  EXPECT_EQ(client->ProveEntry(kFarAway).error().code, ErrorCode::kUnknownRecord);
  EXPECT_EQ(client->ProveConsistency(0, 6).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->ProveConsistency(4, 3).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->ProveConsistency(kFarAway).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->LogTile(0, 0)->size(), 5 * sizeof(Hash));
  EXPECT_EQ(client->LogTile(0, 1).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->LogTile(0, 1ULL << 56U).error().code, ErrorCode::kUsage) << "256 times that is 0";
  EXPECT_EQ(client->LogTile(1, 0).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->LogTile(255, kFarAway).error().code, ErrorCode::kUsage);
  EXPECT_TRUE(client->ShowRequest(kId)->entries.empty());
  EXPECT_TRUE(client->ShowRequest("no UUID at all")->entries.empty());
  EXPECT_EQ(client->ShowRequest("").error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->ShowRequest(std::string(129, 'x')).error().code, ErrorCode::kUsage);
}

// In any stage, for each who was named, and later by the request's id.
TEST_F(AuditRpcTest, ReceiptsOfAnErasure) {
  const tests::Data data = SomePeople(24);
  options_.erase_within = std::chrono::milliseconds(20);
  Start(data);
  const auto client = Connect();
  const auto keys = KeysOf(*client);
  const std::string subject = SomeSubject(data).first;
  const storage::ForgetRequest request = {
      .records = {data.table.ids[0], data.table.ids[1]},
      .subjects = {subject},
      .options = {.request_id = kId, .ground = storage::Ground::kB, .role = storage::Role::kDataSubject}};
  const auto update = client->Forget(request, Stage::kUnlearned, Openings::kWanted);
  ASSERT_TRUE(update.ok());
  const std::vector<std::string>& openings = update->stores[0].openings;
  const std::vector<Identity> named = storage::IdentitiesOf(request.records, request.subjects);
  ASSERT_EQ(openings.size(), named.size());
  for (const Stage stage : {Stage::kUnlearned, Stage::kDurable, Stage::kExact, Stage::kErased}) {
    const auto receipts = update->ticket.Receipts(stage, openings);
    ASSERT_TRUE(receipts.ok()) << receipts.error().ToString();
    ASSERT_EQ(receipts->size(), named.size());
    for (std::size_t i = 0; i < named.size(); ++i) {
      const auto found = storage::CheckReceipt((*receipts)[i], keys, named[i]);
      EXPECT_EQ(found.problem, "");
      EXPECT_EQ(found.entry->Get("stage"), storage::NameOf(stage == Stage::kDurable ? Stage::kUnlearned : stage));
      EXPECT_EQ(found.entry->Get("role"), "data-subject");
      EXPECT_EQ(found.entry->Get("ground"), "art17-1-b");
      EXPECT_NE(Problem((*receipts)[i], keys, named[(i + 1) % named.size()]), "");
    }
  }
  const auto shown = client->ShowRequest(kId);
  ASSERT_TRUE(shown.ok());
  ASSERT_EQ(shown->entries.size(), 3U);
  EXPECT_EQ(client->ShowRequest(kId, shown->entries[0].first + 1)->entries.size(), 2U);
  EXPECT_TRUE(client->ShowRequest(kId, kFarAway)->entries.empty());
  // Without openings it tells of nobody; made again, the request has none.
  EXPECT_EQ(Problem(update->ticket.Receipts(Stage::kErased, {})->at(0), keys), "");
  const auto again = client->Forget(request, Stage::kUnlearned, Openings::kWanted);
  EXPECT_TRUE(again->stores[0].result->repeated && again->stores[0].openings.empty());
  EXPECT_EQ(Problem(again->ticket.Receipts(Stage::kErased, openings)->at(2), keys, named[2]), "")
      << "the openings of the first answer are still right";
}

TEST_F(AuditRpcTest, ReceiptsThatCannotBeGiven) {
  const tests::Data data = SomePeople(25);
  Start(data);
  const auto client = Connect();
  EXPECT_TRUE(client->Forget({.records = {data.table.ids[0]}})->stores[0].openings.empty()) << "nobody asked";
  const auto first = client->Forget({.records = {data.table.ids[1]}}, Stage::kUnlearned, Openings::kWanted);
  const auto second = client->Forget({.records = {data.table.ids[2]}}, Stage::kUnlearned, Openings::kWanted);
  const auto& openings = first->stores[0].openings;
  EXPECT_EQ(second->ticket.Receipts(Stage::kUnlearned, openings).error().code, ErrorCode::kBadInput)
      << "of another request";
  EXPECT_EQ(first->ticket.Receipts(Stage::kUnlearned, {"names subject\n"}).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(first->ticket.Receipts(Stage::kUnlearned, {std::string(100'000, 'x')}).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(first->ticket.Receipts(Stage::kUnlearned, std::vector<std::string>(257, openings[0])).error().code,
            ErrorCode::kUsage);
  EXPECT_EQ(first->ticket.Receipts(Stage::kUnlearned, openings, "b").error().code, ErrorCode::kUsage);
  const auto nothing = client->Forget({.records = {data.table.ids[1]}}, Stage::kUnlearned, Openings::kWanted);
  EXPECT_EQ(nothing->ticket.Receipts(Stage::kErased, {}).error().code, ErrorCode::kUsage) << "nothing was changed";
  const auto unknown = client->Forget({.records = {424'242}}, Stage::kUnlearned, Openings::kWanted);
  EXPECT_EQ(unknown->ticket.Receipts(Stage::kUnlearned, {}).error().code, ErrorCode::kUnknownRecord);
  std::vector<RecordId> many(257);
  std::iota(many.begin(), many.end(), 1'000);
  EXPECT_EQ(client->Forget({.records = many}, Stage::kUnlearned, Openings::kWanted).error().code, ErrorCode::kUsage);
  EXPECT_EQ(client->Forget({.records = many})->kind, Update::Kind::kUnknown) << "without receipts it may be more";
}

TEST_F(AuditRpcTest, EachStoreHasReceiptsOfItsOwn) {
  const tests::Data data = SomePeople(26);
  Start({{"a", MakeStore("a", data)}, {"b", MakeStore("b", data)}});
  const std::string subject = SomeSubject(data).first;
  const auto client = Connect();
  const auto both = client->Forget({.subjects = {subject}}, Stage::kUnlearned, Openings::kWanted);
  ASSERT_EQ(both->stores.size(), 2U);
  EXPECT_EQ(both->ticket.Receipts(Stage::kUnlearned, {}).error().code, ErrorCode::kUsage) << "of which store?";
  for (const StoreOutcome& store : both->stores) {
    const auto receipts = both->ticket.Receipts(Stage::kUnlearned, store.openings, store.store);
    ASSERT_TRUE(receipts.ok());
    const auto auditor = Connect({.address = "unix:" + socket_, .store = store.store});
    EXPECT_EQ(Problem(receipts->at(0), KeysOf(*auditor), Identity{false, subject}), "");
  }
}

TEST_F(AuditRpcTest, RolesAreKept) {
  const std::string path = scratch_.Path("tokens"), predicts = MakeToken(), erases = MakeToken(), audits = MakeToken();
  std::ofstream(path) << TokenLine(*ParseRoles("predict"), predicts, "x")
                      << TokenLine(*ParseRoles("erase"), erases, "y") << TokenLine(*ParseRoles("audit"), audits, "z");
  daemon_options_.token_file = path;
  daemon_options_.rpc.addresses.push_back(*ParseAddress("127.0.0.1:0"));
  const tests::Data data = SomePeople(27);
  Start(data);
  const std::string tcp = daemon_->rpc().addresses()[1].ToString();
  const auto eraser = Connect({.address = tcp, .token = erases});
  const auto update = eraser->Forget({.records = {data.table.ids[0]}}, Stage::kUnlearned, Openings::kWanted);
  ASSERT_TRUE(update.ok());
  const auto receipts = update->ticket.Receipts(Stage::kExact, update->stores[0].openings);
  ASSERT_TRUE(receipts.ok()) << "who erases may prove it";
  const auto auditor = Connect({.address = tcp, .token = audits});
  EXPECT_EQ(Problem(receipts->at(0), KeysOf(*auditor), Identity{true, std::to_string(data.table.ids[0])}), "");
  EXPECT_EQ(auditor->Forget({.records = {data.table.ids[1]}}).error().code, ErrorCode::kUnauthorised);
  for (const std::string& token : {predicts, erases, std::string()}) {
    const auto other = Connect({.address = tcp, .token = token});
    EXPECT_EQ(other->Log().error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(other->ListLog(0, 1).error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(other->ShowRequest(kId).error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(other->ProveEntry(0).error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(other->ProveConsistency(0).error().code, ErrorCode::kUnauthorised);
    EXPECT_EQ(other->LogTile(0, 0).error().code, ErrorCode::kUnauthorised);
  }
}

// Pages and proofs that are read while the log grows fit together.
TEST_F(AuditRpcTest, BesideUpdates) {
  const tests::Data data = SomePeople(28);
  Start(data);
  const auto writer = Connect(), reader = Connect();
  std::vector<Hash> leaves;
  storage::Checkpoint before;
  for (std::size_t round = 0; round < 5; ++round) {
    for (std::size_t i = 10 * round; i < 10 * round + 9; ++i) {
      writer->Forget({.records = {data.table.ids[i]}}, Stage::kUnlearned,
                     [](const Result<Update>& update) { EXPECT_TRUE(update.ok()); });
    }
    const auto head = reader->Log();
    ASSERT_TRUE(head.ok());
    while (leaves.size() < head->size) {
      const auto page = reader->ListLog(leaves.size(), 7);
      ASSERT_TRUE(page.ok());
      for (const auto& [index, entry] : page->entries) {
        ASSERT_EQ(index, leaves.size());
        leaves.push_back(storage::LeafHash(entry));
      }
    }
    const auto checkpoint = storage::ParseCheckpoint(storage::ParseNote(head->checkpoint)->text);
    const std::vector<Hash> covered(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(head->size));
    EXPECT_EQ(storage::TreeHashOf(covered), checkpoint->root);
    const auto proof = reader->ProveConsistency(before.size, head->size);
    ASSERT_TRUE(proof.ok());
    std::vector<Hash> hashes;
    for (const std::string& hash : proof->hashes) hashes.push_back(storage::HashOf(hash));
    EXPECT_TRUE(round == 0 ||
                storage::VerifyConsistency(before.size, head->size, before.root, checkpoint->root, hashes));
    EXPECT_GE(head->size, 1 + 20 * round) << "what had a receipt is in the log";
    before = *checkpoint;
    const auto last = writer->Forget({.records = {data.table.ids[10 * round + 9]}});
    ASSERT_TRUE(last.ok() && last->ticket.Receipts(Stage::kExact, {}).ok());
  }
  EXPECT_TRUE(reader->Verify()->equal);
}

}  // namespace
}  // namespace hedgerow::server
