/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal on its way to HDF5: its small things as columns in memory, its samples left where they are. */
#ifndef OAC_DRIVER_RECORDING_BUILD_H
#define OAC_DRIVER_RECORDING_BUILD_H

#include "driver/recording/entries.h"
#include "driver/recording/journal.h"

struct oac_build_column { /* a growing array; zeroed: empty */
    char *data;
    size_t count, room, bytes; /* bytes of one element */
};

struct oac_build {
    struct oac_journal_reader *reader;
    char *head_entry; /* a copy of the first record; what follows points into it */
    const struct oac_entry_head *head;
    const struct oac_port *port;
    struct oac_calrec *nominal;
    const char *text[OAC_RECORDING_TEXTS];
    struct oac_build_column loads, load_begin, client_begin, pick_begin, gate_begin, picks,
        gates_open, gates_close, settings, calls, lights, received, segments, flags;
    uint64_t samples;
};

/* Reads everything but samples. A zeroed build; fini also after a failure. */
enum oac_status oac_build_collect(struct oac_build *build, const char *journal_path,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_build_fini(struct oac_build *build);

#endif
