/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are in a recording's HDF5: one table for the program that writes and the one that reads. */
#ifndef OAC_DRIVER_RECORDING_LAYOUT_H
#define OAC_DRIVER_RECORDING_LAYOUT_H

#include <stddef.h>

#include "base/h5.h"
#include "driver/recording/entries.h"

/* One member of an array of structs as a data set. */
struct oac_recording_column {
    const char *path, *unit;
    enum oac_h5_type type;
    size_t offset, bytes;
};

#define OAC_COLUMN(struct_name, member, path, type, unit)       \
    {                                                           \
        path, unit, type, offsetof(struct struct_name, member), \
            sizeof(((struct struct_name *)0)->member)           \
    }

static const struct oac_recording_column oac_recording_load_columns[] = {
    OAC_COLUMN(oac_entry_load, rows, "/load/rows", OAC_H5_U64, "1"),
    OAC_COLUMN(oac_entry_load, slots, "/load/slots", OAC_H5_U64, "slot"),
    OAC_COLUMN(oac_entry_load, first, "/load/first", OAC_H5_U64, "slot"),
    OAC_COLUMN(oac_entry_load, count, "/load/count", OAC_H5_U64, "slot"),
    OAC_COLUMN(oac_entry_load, differential, "/load/differential", OAC_H5_U64, "1"),
};

static const struct oac_recording_column oac_recording_call_columns[] = {
    OAC_COLUMN(oac_entry_call, set, "/call/set", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_call, setting, "/call/setting", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_call, channel, "/call/channel", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_call, settings, "/call/settings", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_call, value, "/call/value", OAC_H5_F64, "1"),
    OAC_COLUMN(oac_entry_call, readback, "/call/readback", OAC_H5_F64, "1"),
};

static const struct oac_recording_column oac_recording_light_columns[] = {
    OAC_COLUMN(oac_entry_light, load, "/light/load", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_light, settings, "/light/settings", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_entry_light, light.launched_j, "/light/launched_j", OAC_H5_F64, "J"),
    OAC_COLUMN(oac_entry_light, light.client_in_j, "/light/client_in_j", OAC_H5_F64, "J"),
    OAC_COLUMN(oac_entry_light, light.photons_preweight, "/light/photons_preweight", OAC_H5_F64,
               "photons"),
};

static const struct oac_recording_column oac_recording_segment_columns[] = {
    OAC_COLUMN(oac_recording_segment, burst, "/segment/burst", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_recording_segment, load, "/segment/load", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_recording_segment, client, "/segment/client", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_recording_segment, capture, "/segment/capture", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_recording_segment, settings, "/segment/settings", OAC_H5_U32, "1"),
    OAC_COLUMN(oac_recording_segment, launch, "/segment/launch", OAC_H5_F32, "1"),
    OAC_COLUMN(oac_recording_segment, slot0, "/segment/slot0", OAC_H5_U64, "slot"),
    OAC_COLUMN(oac_recording_segment, photons, "/segment/photons", OAC_H5_F64, "photons"),
    OAC_COLUMN(oac_recording_segment, rx, "/segment/rx_begin", OAC_H5_U64, "1"),
    OAC_COLUMN(oac_recording_segment, flag, "/segment/flag_begin", OAC_H5_U64, "1"),
};

#define OAC_COLUMNS(table) (sizeof(table) / sizeof(table)[0])

/* Texts: attributes of the root. */
static const char *const oac_recording_text_names[OAC_RECORDING_TEXTS] = {
    [OAC_RECORDING_DEVICE] = "device_id",
    [OAC_RECORDING_FIRMWARE] = "firmware",
    [OAC_RECORDING_RIG] = "rig",
    [OAC_RECORDING_ON] = "on",
    [OAC_RECORDING_NOISE] = "noise",
    [OAC_RECORDING_COMMAND] = "command_line",
    [OAC_RECORDING_KERNEL] = "kernel_level",
};

#endif
