// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/rows.h"

#include <gtest/gtest.h>

#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

Rows One(RowsBuilder::Value value) { return OneRow({value}); }

TEST(RowTest, ReadsEachType) {
  const Rows rows = OneRow({"text", "-42", "1.5e3", "t", "f", "16/B374D848"});
  const Row row = rows[0];
  EXPECT_EQ(row.Text(0), "text");
  EXPECT_EQ(row.Integer(1), -42);
  EXPECT_EQ(row.Number(2), 1500.0);
  EXPECT_EQ(row.Bool(3), true);
  EXPECT_EQ(row.Bool(4), false);
  EXPECT_EQ(row.Position(5), (Lsn{0x16B374D848}));
}

TEST(RowTest, NullAndAColumnTooFarAreAbsent) {
  const Rows rows = One(std::nullopt);
  for (const int column : {0, 1, 1000}) {
    EXPECT_EQ(rows[0].Text(column), std::nullopt);
    EXPECT_EQ(rows[0].Integer(column), std::nullopt);
    EXPECT_EQ(rows[0].Number(column), std::nullopt);
    EXPECT_EQ(rows[0].Bool(column), std::nullopt);
    EXPECT_EQ(rows[0].Position(column), std::nullopt);
    EXPECT_EQ(rows[0].Name(column), "");
  }
}

TEST(RowTest, TextOfAnotherTypeIsAbsent) {
  for (const char* text : {"", " ", "1 ", " 1", "+1", "1e", "0x10", "1,5", "true", "t ", "1/", "/1",
                           "99999999999999999999999999999999"}) {
    const Rows rows = One(text);
    EXPECT_EQ(rows[0].Integer(0), std::nullopt) << text;
    EXPECT_EQ(rows[0].Bool(0), std::nullopt) << text;
    EXPECT_EQ(rows[0].Position(0), std::nullopt) << text;
  }
  for (const char* text : {"", " ", "1 ", "+1", "1e", "1,5", "one"}) {
    EXPECT_EQ(One(text)[0].Number(0), std::nullopt) << text;
  }
}

TEST(RowTest, NumbersThatAreNoneAreAbsent) {
  for (const char* text : {"NaN", "nan", "Infinity", "-Infinity", "inf", "1e999", "-1e999"}) {
    EXPECT_EQ(One(text)[0].Number(0), std::nullopt) << text;
  }
}

TEST(RowTest, IntegersKeepAllTheirDigits) {
  EXPECT_EQ(One("9223372036854775807")[0].Integer(0), INT64_MAX);
  EXPECT_EQ(One("-9223372036854775808")[0].Integer(0), INT64_MIN);
  EXPECT_EQ(One("9223372036854775808")[0].Integer(0), std::nullopt);
  EXPECT_EQ(One("9007199254740991")[0].Number(0), 9007199254740991.0);
}

TEST(RowTest, NameKeepsQuotesAndLineEnds) { EXPECT_EQ(One("a\"b\\c\nd")[0].Name(0), "a\"b\\c\nd"); }

TEST(LabelTextTest, KeepsUtf8) {
  const std::string two_three_four = "\xc2\xa2 \xe2\x82\xac \xf0\x9f\x90\x98 \xf4\x8f\xbf\xbf";
  EXPECT_EQ(LabelText(two_three_four), two_three_four);
}

TEST(LabelTextTest, ReplacesEachByteThatIsNoUtf8) {
  EXPECT_EQ(LabelText("a\xff\x80z"), "a??z");
  EXPECT_EQ(LabelText("cut \xe2\x82"), "cut ??");
  EXPECT_EQ(LabelText("overlong \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf"), "overlong ?? ??? ????");
  EXPECT_EQ(LabelText("surrogate \xed\xa0\x80"), "surrogate ???");
  EXPECT_EQ(LabelText("beyond \xf4\x90\x80\x80 \xf5\x80\x80\x80"), "beyond ???? ????");
  EXPECT_EQ(LabelText("\xe2z\x82"), "?z?");
}

TEST(LabelTextTest, EndsWithAWholeCharacterWithin256Bytes) {
  EXPECT_EQ(LabelText(std::string(1000, 'x')), std::string(256, 'x'));
  EXPECT_EQ(LabelText(std::string(1000, '\xff')), std::string(256, '?'));
  EXPECT_EQ(LabelText(std::string(254, 'x') + "\xe2\x82\xac"), std::string(254, 'x'));
  EXPECT_EQ(LabelText(std::string(253, 'x') + "\xe2\x82\xac"),
            std::string(253, 'x') + "\xe2\x82\xac");
}

TEST(RowsTest, CountsRowsAndColumns) {
  const Rows rows = RowsBuilder().AddRow({"a", "b"}).AddRow({"c", "d"}).Build();
  EXPECT_EQ(rows.size(), 2);
  EXPECT_EQ(rows.columns(), 2);
  EXPECT_EQ(rows[1].Text(0), "c");
  EXPECT_EQ(NoRows().size(), 0);
}

}  // namespace
}  // namespace pgrepl
