// Runs a fuzz target over files, where libFuzzer doesn't: fuzz_NAME FOLDER.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      std::cout << entry.path() << std::endl;  // the last one is where it broke
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.view().data()),
                             text.view().size());
      ++count;
    }
  }
  if (count == 0) std::cerr << "no file to run on\n";
  return count > 0 ? 0 : 1;
}
