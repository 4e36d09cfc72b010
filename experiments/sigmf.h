/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The samples of a recording in SigMF 1.0 (sigmf.org), the format of software radio: for each port
 *     BASE.weight-K, BASE.client, BASE.readout-K   each .sigmf-data (samples, little endian) and .sigmf-meta
 * (JSON)
 * where BASE is the recording's name without ".h5". Converters' codes as they were played (ru16_le) and read
 * (rf32_le, in code units); `oac:v0_v` and `oac:lsb_v` turn them into volts. Segments follow each other as they
 * were played, one capture each; annotations mark segments and bursts. */
#ifndef OAC_EXPERIMENTS_SIGMF_H
#define OAC_EXPERIMENTS_SIGMF_H

#include <stddef.h>

#include "base/status.h"
#include "driver/recording/recording.h"

/* Writes the files of all ports, each whole or not at all. *files: how many. */
enum oac_status oac_sigmf_write(const struct oac_recording *recording, const char *path,
                                size_t *files, struct oac_err *err) OAC_MUST_USE;

#endif
