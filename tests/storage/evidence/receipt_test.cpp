// Proves that a receipt convinces whom it should, with the key and the id alone, and that every changed byte of it is
// found, with and without the id. That commitments to the same person are unlinkable, and that each of many persons in
// a request can be told of without the others.
#include "storage/evidence/receipt.h"

#include <gtest/gtest.h>

#include <set>

#include "storage/bytes.h"

namespace hedgerow::storage {
namespace {

class ReceiptTest : public ::testing::Test {
 protected:
  // A log of 11 entries; the sixth is the request's.
  Receipt Make(const Commitment& commitment, std::size_t position, std::uint64_t sequence = 17,
               const std::string& request = "key:00") {
    LogEntry entry{LogEntryType::kUpdate, {}};
    entry.Set("stage", "erased").SetTime(1'763'982'588'000'017).Set("request", request).Set("kind", "forget");
    entry.Set("ground", "none").Set("role", "none").Set("records", 3).Set("sequence", sequence);
    entry.Set("subjects", ToHex(BytesOf(commitment.Root())));
    Receipt receipt;
    receipt.entry = EncodeLogEntry(entry);
    receipt.index = 5;
    std::vector<Hash> leaves;
    for (std::uint64_t i = 0; i < 11; ++i)
      leaves.push_back(i == 5 ? LeafHash(receipt.entry) : LeafHash(std::to_string(i)));
    receipt.proof = *InclusionProof(5, 11, SubtreesOf(leaves));
    receipt.opening = commitment.Open(position);
    receipt.checkpoint.text = Checkpoint{"hedgerow/test", 11, TreeHashOf(leaves)}.ToText();
    SignNote(signer_, receipt.checkpoint);
    return receipt;
  }
  std::string Problem(std::string_view text, const std::optional<Identity>& identity) {
    return CheckReceipt(text, {signer_.key()}, identity).problem;
  }

  const Identity ann_{false, "ann"}, bob_{false, "bob"}, seven_{true, "7"};
  NoteSigner signer_ = NoteSigner::Make("hedgerow/test");
};

TEST_F(ReceiptTest, TheHolderIsConvinced) {
  const std::string text = Make(Commitment({seven_, ann_, bob_}), 1).ToText();
  const ReceiptFindings found = CheckReceipt(text, {signer_.key()}, ann_);
  EXPECT_EQ(found.problem, "");
  EXPECT_TRUE(found.opened);
  EXPECT_TRUE(found.named);
  EXPECT_FALSE(found.is_record);
  EXPECT_EQ(found.entry->Get("stage"), "erased");
  EXPECT_EQ(found.checkpoint.size, 11U);
  EXPECT_EQ(Problem(text, std::nullopt), "");
  EXPECT_EQ(ParseReceipt(text)->ToText(), text);
}

TEST_F(ReceiptTest, NobodyElseIs) {
  const Commitment commitment({seven_, ann_, bob_});
  const std::string text = Make(commitment, 1).ToText();
  EXPECT_NE(Problem(text, bob_), "");
  EXPECT_NE(Problem(text, Identity{true, "ann"}), "");
  EXPECT_NE(Problem(text, Identity{false, ""}), "");
  EXPECT_NE(CheckReceipt(text, {NoteSigner::Make("hedgerow/test").key()}, ann_).problem, "");
  EXPECT_NE(CheckReceipt(text, {}, ann_).problem, "");
  Receipt without = Make(commitment, 1);
  without.opening.reset();
  EXPECT_EQ(Problem(without.ToText(), std::nullopt), "");
  EXPECT_NE(Problem(without.ToText(), ann_), "");
  // An opening of another request, even of the same person.
  Receipt other = Make(commitment, 1);
  other.opening = Commitment({ann_}).Open(0);
  EXPECT_NE(Problem(other.ToText(), ann_), "");
  // A key of another log does not speak for this one, even if it signed the note.
  const NoteSigner stranger = NoteSigner::Make("hedgerow/other");
  Receipt signed_by_other = Make(commitment, 1);
  signed_by_other.checkpoint.signatures.clear();
  SignNote(stranger, signed_by_other.checkpoint);
  EXPECT_NE(CheckReceipt(signed_by_other.ToText(), {stranger.key()}, ann_).problem, "");
}

// As it travels apart from its receipt.
TEST_F(ReceiptTest, AnOpeningAlone) {
  std::vector<Identity> people;
  for (int count = 1; count < 12; ++count) {
    people.push_back({count % 2 == 0, std::to_string(count)});
    const Commitment commitment(people);
    const std::vector<Opening> openings = commitment.OpenAll();
    ASSERT_EQ(openings.size(), people.size());
    for (std::size_t i = 0; i < openings.size(); ++i) {
      const std::string text = OpeningText(openings[i]);
      EXPECT_EQ(text, OpeningText(commitment.Open(i)));
      ASSERT_TRUE(ParseOpening(text));
      EXPECT_TRUE(OpensTo(*ParseOpening(text), commitment.Root()));
      for (std::size_t cut = 0; cut < text.size(); ++cut) {
        const auto parsed = ParseOpening(text.substr(0, cut));
        EXPECT_FALSE(parsed && OpensTo(*parsed, commitment.Root())) << cut;
      }
    }
  }
  EXPECT_FALSE(ParseOpening("\n" + OpeningText(Commitment(people).Open(0))));
  EXPECT_FALSE(ParseOpening(OpeningText(Commitment(people).Open(0)) + "\n"));
}

TEST_F(ReceiptTest, EveryChangedByteIsFound) {
  for (const std::size_t position : {0U, 2U}) {
    const std::string text = Make(Commitment({ann_, seven_, bob_}), position).ToText();
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (int flip = 1; flip < 256; flip <<= 1) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ flip);
        ASSERT_NE(Problem(changed, std::nullopt), "") << i << " " << flip;
      }
      ASSERT_NE(Problem(text.substr(0, i), std::nullopt), "") << i;
      ASSERT_NE(Problem(text.substr(0, i) + text.substr(i + 1), std::nullopt), "") << i;
    }
    ASSERT_NE(Problem(text + "\n", std::nullopt), "");
  }
}

// A request of three parts.
TEST_F(ReceiptTest, ABundle) {
  const Commitment commitment({seven_, ann_, bob_});
  std::vector<std::string> texts;
  for (const std::uint64_t sequence : {17U, 18U, 21U}) {
    Receipt receipt = Make(commitment, 1, sequence);
    if (sequence != 21) receipt.opening.reset();
    texts.push_back(receipt.ToText());
  }
  const std::string bundle = texts[0] + texts[1] + texts[2];
  const auto problem = [&](const std::string& text) { return CheckBundle(text, {signer_.key()}, ann_).problem; };
  const BundleFindings found = CheckBundle(bundle, {signer_.key()}, ann_);
  EXPECT_EQ(found.problem, "");
  EXPECT_EQ(found.parts.size(), 3U);
  EXPECT_EQ(found.opened, 3U);
  EXPECT_EQ(found.records, 9U);
  EXPECT_EQ(found.stage, "erased");
  EXPECT_TRUE(found.parts.back().named);
  EXPECT_EQ(SplitBundle(bundle), (std::vector<std::string_view>{texts[0], texts[1], texts[2]}));
  EXPECT_EQ(CheckBundle(texts[2], {signer_.key()}, ann_).parts.size(), 1U);

  EXPECT_NE(CheckBundle(bundle, {signer_.key()}, bob_).problem, "");
  EXPECT_NE(CheckBundle(bundle, {}, ann_).problem, "");
  EXPECT_NE(problem(texts[0] + texts[1]), "") << "there is no opening";
  EXPECT_NE(problem(texts[1] + texts[0] + texts[2]), "") << "out of order";
  EXPECT_NE(problem(texts[0] + texts[0] + texts[2]), "") << "a part twice";
  EXPECT_NE(problem(texts[0] + texts[2] + texts[2]), "") << "two openings";
  EXPECT_NE(problem(texts[0] + Make(commitment, 1, 18, "key:01").ToText()), "") << "of two requests";
  EXPECT_NE(problem(texts[0] + "\n" + texts[2]), "");
  EXPECT_NE(problem(bundle + "\n"), "");
  // Of a first try that was cut short: other nonces.
  Receipt first = Make(Commitment({seven_, ann_, bob_}), 1, 16);
  first.opening.reset();
  const BundleFindings retried = CheckBundle(first.ToText() + bundle, {signer_.key()}, ann_);
  EXPECT_EQ(retried.problem, "");
  EXPECT_EQ(retried.parts.size(), 4U);
  EXPECT_EQ(retried.opened, 3U);
  for (std::size_t i = 0; i < bundle.size(); ++i) {
    std::string changed = bundle;
    changed[i] = static_cast<char>(changed[i] ^ 1 << i % 8);
    ASSERT_NE(problem(changed), "") << i;
  }
}

TEST_F(ReceiptTest, TheSamePersonTwiceIsUnlinkable) {
  std::set<Hash> seen;
  for (int i = 0; i < 100; ++i) {
    const Commitment commitment({ann_});
    const Opening opening = commitment.Open(0);
    EXPECT_TRUE(seen.insert(commitment.Root()).second);
    EXPECT_TRUE(seen.insert(opening.nonce).second);
    EXPECT_TRUE(seen.insert(opening.pseudonym).second);
  }
}

TEST_F(ReceiptTest, ManyInOneRequest) {
  for (const std::size_t count : {1U, 2U, 5U, 300U}) {
    std::vector<Identity> people;
    for (std::size_t i = 0; i < count; ++i) people.push_back({i % 2 == 0, std::to_string(i)});
    const Commitment commitment(people);
    for (std::size_t i = 0; i < count; i += 1 + i / 4) {
      Opening opening = commitment.Open(i);
      EXPECT_TRUE(OpensTo(opening, commitment.Root()));
      EXPECT_EQ(PseudonymOf(people[i], opening.nonce), opening.pseudonym);
      ++opening.position;
      EXPECT_FALSE(OpensTo(opening, commitment.Root()) && opening.position < count);
    }
  }
}

}  // namespace
}  // namespace hedgerow::storage
