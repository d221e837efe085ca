// A page after the first is written in the memory of the last: no sample allocates.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "exporter/http/exposition.h"
#include "tests/exporter/report/example.h"

// ThreadSanitizer has its own that can't be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PGREPL_CANNOT_COUNT
#endif
#endif

namespace {

std::atomic<std::size_t> allocations = 0;

[[maybe_unused]] void* Allocate(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

#ifndef PGREPL_CANNOT_COUNT
// All of them: a sanitizer has its own for those that are not replaced.
void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
#endif

namespace pgrepl::http {
namespace {

std::size_t AllocationsOfAPage(Exposition& exposition, const ClusterView& cluster) {
  const CollectorSet collectors;
  const std::size_t before = allocations;
  exposition.Begin(collectors);
  exposition.Add(cluster);
  return allocations - before;
}

TEST(ExpositionMemoryTest, NoSampleAllocates) {
#ifdef PGREPL_CANNOT_COUNT
  GTEST_SKIP() << "what is allocated can't be counted here";
#endif
  const ClusterView cluster = report::Example();
  Exposition exposition;
  EXPECT_GT(AllocationsOfAPage(exposition, cluster), 100U) << "they are not counted";
  EXPECT_EQ(AllocationsOfAPage(exposition, cluster), 0U);
}

}  // namespace
}  // namespace pgrepl::http
