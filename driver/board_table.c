/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/board_table.h"

#include <math.h>

#define REAL(object, f, u, lo, hi, d, h)                                                      \
    {                                                                                         \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_REAL, .unit = u, \
        .min = lo, .max = hi, .default_text = d, .none_value = NAN, .help = h                 \
    }
#define REALS(object, f, u, lo, hi, d, h)                                                      \
    {                                                                                          \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_REALS, .unit = u, \
        .min = lo, .max = hi, .default_text = d, .none_value = NAN, .help = h                  \
    }
#define INTEGER(object, f, u, lo, hi, d, h)                                              \
    {                                                                                    \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_INTEGER,    \
        .unit = u, .min = lo, .max = hi, .default_text = d, .none_value = NAN, .help = h \
    }
#define TRUTH(object, f, d, h)                                                                 \
    {                                                                                          \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_BOOL, .unit = "", \
        .default_text = d, .none_value = NAN, .help = h                                        \
    }
#define CHOICE(object, f, d, names, h)                                                \
    {                                                                                 \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_CHOICE,  \
        .unit = "", .default_text = d, .none_value = NAN, .choices = names, .help = h \
    }
#define TEXT(object, f, d, h)                                                                  \
    {                                                                                          \
        .path = #f, .offset = offsetof(struct object, f), .type = OAC_CONFIG_TEXT, .unit = "", \
        .default_text = d, .none_value = NAN, .help = h                                        \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const DIRECTIONS[] = {"input", "output", NULL};
static const char *const COUPLINGS[] = {"dc", "ac", NULL};

static const struct oac_config_key BOARD_KEYS[] = {
    TEXT(oac_board_text, name, NULL, "Name of the profile, that of its file."),
    TEXT(oac_board_text, description, "", "What the board is, in a sentence."),
    TEXT(oac_board_text, match, "",
         "Part of the context's hw_model by which it is told from others with the same "
         "devices."),
    INTEGER(oac_board_text, align_samples, "", 1, 4096, "1",
            "Buffer lengths are a multiple of this many samples per channel."),
    INTEGER(oac_board_text, buffer_samples_min, "", 1, 1 << 20, "16",
            "Shortest buffer, in samples per channel."),
    INTEGER(oac_board_text, cyclic_samples_min, "", 1, 1 << 20, "16",
            "Shortest buffer that repeats by itself."),
    INTEGER(oac_board_text, kernel_buffers, "", 0, 64, "4",
            "Captures that are stale after a setting was changed."),
    TRUTH(oac_board_text, cyclic, "false", "Whether its kernel has cyclic buffers."),
    TRUTH(oac_board_text, harmless, "false",
          "true: nothing can be connected to its outputs, --arm is never asked for."),
};

static const struct oac_config_key PORT_KEYS[] = {
    TEXT(oac_board_port_text, name, NULL, "Name of the port, as rigs bind it."),
    TEXT(oac_board_port_text, device, NULL, "IIO device, by name."),
    TEXT(oac_board_port_text, channel, NULL, "IIO channel, by id; the in-phase one of a pair."),
    TEXT(oac_board_port_text, channel_q, "", "Quadrature channel of a pair."),
    CHOICE(oac_board_port_text, direction, NULL, DIRECTIONS, "Seen from the computer."),
    CHOICE(oac_board_port_text, coupling, NULL, COUPLINGS,
           "ac: no constant voltage passes, light is carried on a subcarrier."),
    TEXT(oac_board_port_text, format, NULL,
         "Scan element format of the bits that are converted, such as le:S12/16>>4."),
    REAL(oac_board_port_text, v0_v, "V", -1e3, 1e3, NULL, "Voltage of code 0."),
    REAL(oac_board_port_text, lsb_v, "V", -100, 100, NULL,
         "Voltage from one code to the next; may be negative."),
    REAL(oac_board_port_text, min_v, "V", -1e3, 1e3, NULL, "Least voltage ever allowed."),
    REAL(oac_board_port_text, max_v, "V", -1e3, 1e3, NULL, "Largest voltage ever allowed."),
    REAL(oac_board_port_text, safe_v, "V", -1e3, 1e3, "0", "Voltage of the safe state."),
    REAL(oac_board_port_text, ramp_v_per_s, "V/s", 1e-3, 1e12, "25e3",
         "Slope of an output's way from and to its safe voltage."),
    TEXT(oac_board_port_text, rate_device, "",
         "Device of the rate's attribute; this one if empty."),
    TEXT(oac_board_port_text, rate_channel, "",
         "Channel of the rate's attribute, in the port's direction; empty: of the device."),
    TEXT(oac_board_port_text, rate_attribute, "",
         "The rate's attribute; empty: the rate is fixed."),
    TEXT(oac_board_port_text, trigger, "",
         "IIO trigger that paces the device; empty: it has a clock of its own."),
    TEXT(oac_board_port_text, gain_attribute, "",
         "Channel's attribute of the gain of an input; empty: it has none."),
    REAL(oac_board_port_text, gain_min, "", -1e6, 1e6, "1", "Least gain it takes."),
    REAL(oac_board_port_text, gain_max, "", -1e6, 1e6, "1", "Largest gain it takes."),
    TEXT(oac_board_port_text, mixer_device, "",
         "With I and Q: device of the mixer's frequency; this one if empty."),
    TEXT(oac_board_port_text, mixer_channel, "",
         "Its channel, an output; empty: of the device."),
    TEXT(oac_board_port_text, mixer_attribute, "",
         "The frequency's attribute, in Hz, which must suit subcarrier.carrier_hz; empty: not "
         "checked."),
    REALS(oac_board_port_text, rates_hz, "Hz", 1e-3, 1e12, "", "Rates that can be chosen."),
    REALS(oac_board_port_text, rate_gains, "", 1e-3, 1e3, "",
          "Gain at each of rates_hz; empty: 1 at all of them."),
};

static const struct oac_config_key WRITE_KEYS[] = {
    TEXT(oac_board_write_text, device, NULL, "IIO device, by name."),
    TEXT(oac_board_write_text, channel, "",
         "Channel, by id; empty: an attribute of the device."),
    CHOICE(oac_board_write_text, direction, "output", DIRECTIONS, "Of the channel."),
    TEXT(oac_board_write_text, attribute, NULL, "Attribute."),
    TEXT(oac_board_write_text, value, NULL, "Text that is written."),
    TRUTH(oac_board_write_text, optional, "false",
          "Skipped where the attribute does not exist."),
};

const struct oac_config_table oac_board_table = {
    .name = "board", .keys = BOARD_KEYS, .count = COUNT(BOARD_KEYS)};
const struct oac_config_table oac_board_port_table = {
    .name = "port", .keys = PORT_KEYS, .count = COUNT(PORT_KEYS)};
const struct oac_config_table oac_board_write_table = {
    .name = "write", .keys = WRITE_KEYS, .count = COUNT(WRITE_KEYS)};

const struct oac_config_list oac_board_lists[OAC_BOARD_LISTS] = {
    {.path = "ports",
     .element = &oac_board_port_table,
     .offset = offsetof(struct oac_board_text, port),
     .stride = sizeof(struct oac_board_port_text),
     .count_offset = offsetof(struct oac_board_text, ports),
     .min = 1,
     .max = OAC_BOARD_PORTS_MAX,
     .help = "What can be driven and read."},
    {.path = "setup",
     .element = &oac_board_write_table,
     .offset = offsetof(struct oac_board_text, setup),
     .stride = sizeof(struct oac_board_write_text),
     .count_offset = offsetof(struct oac_board_text, setups),
     .min = 0,
     .max = OAC_BOARD_WRITES_MAX,
     .help = "Written in this order when the board is opened."},
    {.path = "safe",
     .element = &oac_board_write_table,
     .offset = offsetof(struct oac_board_text, safe),
     .stride = sizeof(struct oac_board_write_text),
     .count_offset = offsetof(struct oac_board_text, safes),
     .min = 0,
     .max = OAC_BOARD_WRITES_MAX,
     .help = "Written in this order to make the board safe."},
};

enum oac_status oac_board_reference(FILE *out, struct oac_err *err)
{
    if (oac_config_reference(&oac_board_table, out, err))
        return err->status;
    fputc('\n', out);
    for (size_t i = 0; i < OAC_BOARD_LISTS; i++) {
        const struct oac_config_list *list = &oac_board_lists[i];
        fprintf(out, "`%s` is a list of at most %zu of the %s below. %s\n\n", list->path,
                list->max, list->element->name, list->help);
    }
    if (oac_config_reference(&oac_board_port_table, out, err))
        return err->status;
    fputc('\n', out);
    return oac_config_reference(&oac_board_write_table, out, err);
}
