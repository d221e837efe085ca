// Why one server lags: the figure and how sure it is, the cause with its evidence, what it means and
// what to do. Text for people. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/report/choose.h"

namespace pgrepl::report {

std::string Explain(const Chosen& chosen);

}  // namespace pgrepl::report
