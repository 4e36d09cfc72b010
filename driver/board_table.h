/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a board profile, as base/config.h reads them: texts at full length and formats as text, before
 * driver/board.c checks them against each other and makes a struct oac_board of them. */
#ifndef OAC_DRIVER_BOARD_TABLE_H
#define OAC_DRIVER_BOARD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/config.h"
#include "driver/board.h"

struct oac_board_port_text {
    char name[OAC_CONFIG_TEXT_BYTES], device[OAC_CONFIG_TEXT_BYTES];
    char channel[OAC_CONFIG_TEXT_BYTES], channel_q[OAC_CONFIG_TEXT_BYTES];
    char format[OAC_CONFIG_TEXT_BYTES];
    int direction; /* 0 input, 1 output */
    int coupling;  /* 0 dc, 1 ac */
    double v0_v, lsb_v, min_v, max_v, safe_v, ramp_v_per_s;
    char rate_device[OAC_CONFIG_TEXT_BYTES], rate_channel[OAC_CONFIG_TEXT_BYTES];
    char rate_attribute[OAC_CONFIG_TEXT_BYTES], trigger[OAC_CONFIG_TEXT_BYTES];
    char gain_attribute[OAC_CONFIG_TEXT_BYTES];
    char mixer_device[OAC_CONFIG_TEXT_BYTES], mixer_channel[OAC_CONFIG_TEXT_BYTES];
    char mixer_attribute[OAC_CONFIG_TEXT_BYTES];
    double gain_min, gain_max;
    struct oac_config_reals rates_hz, rate_gains;
};

struct oac_board_write_text {
    char device[OAC_CONFIG_TEXT_BYTES], channel[OAC_CONFIG_TEXT_BYTES];
    char attribute[OAC_CONFIG_TEXT_BYTES], value[OAC_CONFIG_TEXT_BYTES];
    int direction;
    bool optional;
};

struct oac_board_text {
    char name[OAC_CONFIG_TEXT_BYTES], description[OAC_CONFIG_TEXT_BYTES];
    char match[OAC_CONFIG_TEXT_BYTES];
    int64_t align_samples, buffer_samples_min, cyclic_samples_min, kernel_buffers;
    bool cyclic, harmless;
    size_t ports, setups, safes;
    struct oac_board_port_text port[OAC_BOARD_PORTS_MAX];
    struct oac_board_write_text setup[OAC_BOARD_WRITES_MAX], safe[OAC_BOARD_WRITES_MAX];
};

enum { OAC_BOARD_LISTS = 3 };
extern const struct oac_config_table oac_board_table, oac_board_port_table,
    oac_board_write_table;
extern const struct oac_config_list oac_board_lists[OAC_BOARD_LISTS];

/* All keys with unit, default, range and meaning, in Markdown: part of docs/boards.md. */
enum oac_status oac_board_reference(FILE *out, struct oac_err *err) OAC_MUST_USE;

#endif
