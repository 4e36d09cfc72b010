/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One response's filters for waveforms of several lengths.
 *
 * A response that rings for ever goes round in its filter's segment (filter.h), so that the segment should be as
 * long as the waveform. Lengths share filters in steps (oac_filter_fast_segment), so that there are few: at most
 * five for every doubling of the length. Threads share a bank. */
#ifndef OAC_SIM_WAVEFORM_FILTER_BANK_H
#define OAC_SIM_WAVEFORM_FILTER_BANK_H

#include "sim/waveform/filter.h"

struct oac_filter_bank;

/* The spec's segment is the shortest to be made; its context must outlive the bank. Makes no filter yet. */
enum oac_status oac_filter_bank_create(const struct oac_filter_spec *spec,
                                       struct oac_filter_bank **bank,
                                       struct oac_err *err) OAC_MUST_USE;
void oac_filter_bank_destroy(struct oac_filter_bank *bank); /* NULL is fine */

/* The filter for waveforms of that many samples, made when first asked for, kept until the bank is destroyed. */
enum oac_status oac_filter_bank_find(struct oac_filter_bank *bank, size_t samples,
                                     const struct oac_filter **filter,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
