/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stored context (XML) says, found by plain search: a second opinion beside libiio's. */
#ifndef OAC_TESTS_SUPPORT_CONTEXT_TEXT_H
#define OAC_TESTS_SUPPORT_CONTEXT_TEXT_H

#include <stdbool.h>

/* Whether the text holds this channel; format gets that of its scan element ("le:S16/16>>0"), ""
 * when it has none. */
bool oac_test_context_channel(const char *text, const char *device, const char *channel,
                              bool output, char format[64]);

/* Whether it holds the attribute; channel "" for one of the device. */
bool oac_test_context_attribute(const char *text, const char *device, const char *channel,
                                bool output, const char *attribute);

#endif
