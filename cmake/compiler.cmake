# Flags as interface libraries: pgrepl_compiler for our code; pgrepl_codegen, a part of it, for code
# of others that we build.
# SPDX-License-Identifier: Apache-2.0
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_library(pgrepl_codegen INTERFACE)
add_library(pgrepl_compiler INTERFACE)
target_link_libraries(pgrepl_compiler INTERFACE pgrepl_codegen)
target_compile_features(pgrepl_compiler INTERFACE cxx_std_20)
target_compile_options(pgrepl_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  # Every field has its default; a designated initializer names only those that differ.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(pgrepl_compiler INTERFACE -Wthread-safety)
endif()
if(PGREPL_WERROR)
  target_compile_options(pgrepl_compiler INTERFACE -Werror)
endif()
if(PGREPL_HARDEN)
  # _FORTIFY_SOURCE may be predefined by the distribution's compiler.
  target_compile_options(pgrepl_codegen INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS
    -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  target_link_options(pgrepl_codegen INTERFACE
    -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
endif()
if(PGREPL_SANITIZE)
  target_compile_options(pgrepl_codegen INTERFACE
    -fsanitize=${PGREPL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(pgrepl_codegen INTERFACE -fsanitize=${PGREPL_SANITIZE})
endif()
if(PGREPL_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
