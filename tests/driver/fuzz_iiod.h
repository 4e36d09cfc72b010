/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry that libFuzzer calls, so that a test can call it too. */
#ifndef OAC_TESTS_DRIVER_FUZZ_IIOD_H
#define OAC_TESTS_DRIVER_FUZZ_IIOD_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
