// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/shared_body.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/http/gunzip.h"

namespace pgrepl::http {
namespace {

TEST(SharedBodyTest, IsPackedOnceForAll) {
  const std::string first(3000, 'x');
  const std::string second(2000, 'y');
  const SharedBody body({first, "", second});
  const std::string* packed = &*body.Packed();
  EXPECT_EQ(Gunzip(*packed), first + second);
  EXPECT_EQ(&*body.Packed(), packed);
}

TEST(SharedBodyTest, AShortOneIsNotPacked) {
  EXPECT_FALSE(SharedBody({"sho", "rt"}).Packed());
  EXPECT_FALSE(SharedBody({}).Packed());
}

}  // namespace
}  // namespace pgrepl::http
