/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IIO devices of a virtual board, made from its profile: names, channels, scan formats, text attributes.
 *
 *     port            a scan channel of its device, in the profile's order; `iq` ports are two
 *     rate            sampling_frequency reads the one rate that the rig runs at, whatever was written
 *                     (boards round rates too: a driver reads back)
 *     setup, safe     every attribute that the profile writes is there; one whose profile value is
 *     a number takes
 *                     numbers only (-EINVAL), others take any text that fits
 *     everywhere      buffer attributes length_align_bytes, data_available, watermark; debug direct_reg_access
 *     outputs         debug attribute `received`, which no board has: what every sample that ever came would have
 *                     played, "PORT samples N low L high H last X" in volts, one port after another; and `gaps`,
 *                     how often its samples ran out since it was opened (playback.h)
 * A scan (libiio 0.24): enabled channels in the order of their index, each aligned to its own
 * size, the whole to
 * the largest. Not modelled: ranges of numbers, attributes that act on the light (gains, offsets, DDS tones).
 * Threads: reading and writing attributes may be called from any number of them. */
#ifndef OAC_DRIVER_TWIN_DEVICES_H
#define OAC_DRIVER_TWIN_DEVICES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/board.h"
#include "driver/twin/protocol.h"

#define OAC_TWIN_DEVICES_MAX    24u
#define OAC_TWIN_CHANNELS_MAX   32u
#define OAC_TWIN_ATTRIBUTES_MAX 16u
#define OAC_TWIN_VALUE_BYTES    256u /* of an attribute, its NUL counted */

struct oac_twin_attribute {
    char name[OAC_BOARD_NAME_BYTES], filename[2 * OAC_BOARD_NAME_BYTES + 8];
    char value[OAC_TWIN_VALUE_BYTES];
    bool fixed;     /* writing: -EACCES */
    bool stays;     /* writing is answered well and changes nothing: rates */
    bool is_number; /* writing anything else: -EINVAL */
};

struct oac_twin_attributes {
    size_t count;
    struct oac_twin_attribute attribute[OAC_TWIN_ATTRIBUTES_MAX];
};

struct oac_twin_channel {
    char id[OAC_BOARD_NAME_BYTES];
    bool output, scan; /* scan channels come first, by index */
    struct oac_codec codec;
    size_t port;     /* of the board; scan channels only */
    bool quadrature; /* the Q of an iq port */
    struct oac_twin_attributes attributes;
};

struct oac_twin_device {
    char id[16], name[OAC_BOARD_NAME_BYTES];
    bool output; /* direction of its scan */
    size_t channels, scans;
    struct oac_twin_channel channel[OAC_TWIN_CHANNELS_MAX];
    struct oac_twin_attributes attributes, buffer, debug;
};

struct oac_twin_received { /* of a port, since the bench began */
    uint64_t samples;
    int32_t low, high, last; /* board codes */
};

struct oac_twin_devices {
    const struct oac_board *board;
    size_t count;
    struct oac_twin_device device[OAC_TWIN_DEVICES_MAX];
    pthread_mutex_t lock; /* guards attribute values, and: */
    struct oac_twin_received received[OAC_BOARD_PORTS_MAX];
    double rate_gain[OAC_BOARD_PORTS_MAX]; /* of the ports, at the rates they run at */
};

/* rate_hz (board->ports): what each port runs at. The board must outlive the devices. */
enum oac_status oac_twin_devices_create(const struct oac_board *board, const double *rate_hz,
                                        struct oac_twin_devices **devices,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_twin_devices_destroy(struct oac_twin_devices *devices); /* NULL is fine */

/* By id or name; devices->count when there is none. */
size_t oac_twin_device_find(const struct oac_twin_devices *devices, const char *name);

/* The list that a READ or WRITE names, or NULL with *error = -ENODEV or -ENXIO. */
const struct oac_twin_attributes *
oac_twin_attributes_find(const struct oac_twin_devices *devices,
                         const struct oac_twin_request *request, int *error);

/* Copies the value (OAC_TWIN_VALUE_BYTES). Returns its bytes, the NUL counted, or a negative errno. */
int oac_twin_attribute_read(struct oac_twin_devices *devices,
                            const struct oac_twin_attributes *attributes, const char *name,
                            char *value);
/* value (bytes), not necessarily ended by a NUL. Returns bytes or a negative errno. */
int oac_twin_attribute_write(struct oac_twin_devices *devices,
                             const struct oac_twin_attributes *attributes, const char *name,
                             const char *value, size_t bytes);

/* Board codes (samples) that came for a port of device `d`. */
void oac_twin_received_add(struct oac_twin_devices *devices, size_t d, size_t port,
                           size_t samples, const int32_t *code);

/* Whether a mask may open the device: right number of words, at least one scan channel, nothing else. */
bool oac_twin_mask_fits(const struct oac_twin_device *device, const struct oac_twin_mask *mask);

struct oac_twin_layout { /* of one scan under a mask */
    size_t step, count;  /* bytes of a scan; enabled channels */
    size_t channel[OAC_TWIN_CHANNELS_MAX], offset[OAC_TWIN_CHANNELS_MAX];
};
void oac_twin_layout_make(const struct oac_twin_device *device,
                          const struct oac_twin_mask *mask, struct oac_twin_layout *layout);

#endif
