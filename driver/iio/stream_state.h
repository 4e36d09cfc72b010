/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the IIO stream: boards, bound ports, loaded segments, one train and what is heard of it.
 * stream.c opens and answers; stream_boards.c opens boards, sets them up and makes them safe; stream_lines.c
 * binds a role to its port, stream_ports.c all of them; stream_mixers.c looks at their mixers; stream_train.c
 * makes samples of a burst; stream_apart.c plays them where weights and client are on two boards;
 * stream_listen.c reads inputs and finds the train in them; stream_losses.c asks whether it came whole;
 * stream_play.c strings them together. */
#ifndef OAC_DRIVER_IIO_STREAM_STATE_H
#define OAC_DRIVER_IIO_STREAM_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/arming.h"
#include "driver/bench_boards.h"
#include "driver/iio/buffer.h"
#include "driver/iio/session.h"
#include "hal/calrec.h"
#include "hal/stream.h"
#include "sim/rig.h"

#define OAC_IIO_MARK_STAGES 6u
#define OAC_IIO_MARK_CHIPS  63u
#define OAC_IIO_RAMP_SLOTS  16u

struct oac_iio_board { /* an open board of the bench */
    struct oac_iio_session *session;
    bool touched; /* something was written: there is something to make safe */
    bool made_safe;
};

struct oac_iio_line { /* one role on one port */
    size_t board;
    const struct oac_board_port *port;
    double rate_hz;     /* as the profile declares it: near the rig's, which ports have */
    double v0_v, lsb_v; /* of the board's code, at the rate in use */
    uint32_t per_slot,
        values; /* values a slot; of them in a sample: 2 where the port carries I and Q */
    uint16_t *board_code; /* outputs: by the rig's code (codes) */
    size_t codes;
    double scale, zero;     /* inputs: rig code = scale * board code + zero */
    uint16_t open_code;     /* outputs: the brightest */
    uint16_t rest_code;     /* outputs: the rig's code nearest the port's safe_v */
    struct oac_codec codec; /* the context's, of which the port's are the upper bits */
};

struct oac_iio_converter { /* one device in one direction */
    size_t board;
    const char *device;
    size_t lines;
    size_t line[OAC_IIO_CHANNELS_MAX]; /* indices into the stream's */
    struct oac_iio_buffer *buffer;
    size_t samples;    /* of the open buffer, as asked for */
    uint32_t per_slot; /* samples */
    size_t start;      /* inputs: first sample of the train that was heard last */
};

struct oac_iio_segment { /* loaded */
    size_t rows, slots;
    uint16_t *weight; /* (rows, slots * weight samples); NULL: free place */
};

enum oac_iio_mark { OAC_IIO_MARK_TRAIN, OAC_IIO_MARK_WEIGHTS, OAC_IIO_MARK_CLIENT };

#define OAC_IIO_BEACONS 8u /* of each board, by which the boards' clocks are measured */

struct oac_iio_feed { /* of one output */
    struct oac_iio_stream *self;
    size_t o;
    uint64_t at; /* its next sample */
};

struct oac_iio_apart { /* weights on one board, client on another (stream_apart.c) */
    bool needed;       /* and lock and news are there */
    size_t hold_slots,
        period_slots; /* of beacons: what starts may be apart, and from one to the next */
    /* What listening has found so far, by one thread; weights' board, then client's [samples of the readout] */
    double beacon[2][OAC_IIO_BEACONS];
    size_t beacons[2];
    uint64_t searched[2];
    double slot[2];       /* samples that a slot of either takes, once measured */
    unsigned trains;      /* since they were */
    pthread_mutex_t lock; /* guards what follows: feeds ask, listening answers */
    pthread_cond_t news;
    bool stop, placed;
    uint64_t fed[2]; /* samples that feeds have asked for */
    double begin[2],
        fast; /* samples of their own before the train; client's in one at the weights' pace */
    struct oac_iio_feed feed[2];
};

struct oac_iio_losses { /* of all trains that were played */
    bool asked, seen, unknown;
};

struct oac_iio_stream {
    struct oac_rig rig;
    struct oac_bench_boards boards;
    struct oac_iio_board board[OAC_BENCH_BOARDS_MAX]; /* as in boards */
    struct oac_stream_caps caps;
    struct oac_port *ports; /* weight (C), client (1), readout (C) */
    struct oac_calrec *nominal;
    char device_id[80], firmware[80];
    size_t channels, lines; /* lines: weights, client, readouts, as ports */
    struct oac_iio_line *line;
    size_t outputs, inputs;
    struct oac_iio_converter output[OAC_BOARD_PORTS_MAX], input[OAC_BOARD_PORTS_MAX];
    struct oac_iio_segment *segment;
    size_t segments;
    bool synchronised; /* outputs, all on one board, have a common start */
    bool silent;       /* no mark came: playing again would bring none either */
    /* the train: codes of the rig (drives, slots * per_slot) */
    uint16_t *train[OAC_BOARD_PORTS_MAX];
    size_t train_capacity[OAC_BOARD_PORTS_MAX];
    size_t slots, first_slot; /* of the train; of its first segment */
    size_t ramp_slots;        /* at each end */
    /* what was heard of each readout: board codes */
    int32_t *heard[OAC_BOARD_PORTS_MAX];
    size_t heard_capacity[OAC_BOARD_PORTS_MAX], heard_count[OAC_BOARD_PORTS_MAX];
    struct oac_account account;
    struct oac_iio_losses underflow, overflow;
    struct oac_iio_apart apart;
    struct oac_drive drive; /* zeroed: unarmed, nobody watches */
};

/* stream_volts.c: what the board can play of the rig's codes within its limits. */
enum oac_status oac_iio_map_output(const struct oac_iio_stream *self, struct oac_iio_line *line,
                                   struct oac_port *port, const struct oac_curve *curve,
                                   struct oac_err *err) OAC_MUST_USE;
/* Slots of a ramp that is steep enough for no port. */
size_t oac_iio_ramp_slots(const struct oac_iio_stream *self);

/* stream_boards.c */
/* uri (boards): opens them all. */
enum oac_status oac_iio_boards_open(struct oac_iio_stream *self,
                                    char uri[][OAC_CONFIG_TEXT_BYTES],
                                    struct oac_err *err) OAC_MUST_USE;
/* Settings and rates of a board. */
enum oac_status oac_iio_board_set_up(struct oac_iio_stream *self, size_t board,
                                     struct oac_err *err) OAC_MUST_USE;
/* Tries every board that was touched, those that drive first: they shall not wait for one that only hears.
 * Reports the first failure; *lost: its board. */
enum oac_status oac_iio_boards_safe(struct oac_iio_stream *self, size_t *lost,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_iio_boards_close(struct oac_iio_stream *self);
const struct oac_board *oac_iio_profile(const struct oac_iio_stream *self, size_t board);
/* Puts "board NAME: " in front, where boards have names; returns the status. */
enum oac_status oac_iio_of_board(const struct oac_iio_stream *self, size_t board,
                                 struct oac_err *err);

/* stream_lines.c: the next line, role `role` of channel k. */
enum oac_status oac_iio_line_bind(struct oac_iio_stream *self, enum oac_role role, size_t k,
                                  struct oac_err *err) OAC_MUST_USE;

/* Writes and reads back the sample rate of every line of a board. */
enum oac_status oac_iio_lines_rates(struct oac_iio_stream *self, size_t board,
                                    struct oac_err *err) OAC_MUST_USE;

/* stream_ports.c: caps, lines and converters from rig, boards and contexts. */
enum oac_status oac_iio_ports_bind(struct oac_iio_stream *self, const uint8_t rig_hash[32],
                                   struct oac_err *err) OAC_MUST_USE;
/* Asks whether the bound outputs may be driven, and tells the tap what they are. */
enum oac_status oac_iio_ports_consent(const struct oac_iio_stream *self,
                                      struct oac_err *err) OAC_MUST_USE;
/* Whether the mixers stand where the rig's carrier wants them, after the setup was written. */
enum oac_status oac_iio_ports_mixers(const struct oac_iio_stream *self,
                                     struct oac_err *err) OAC_MUST_USE;

/* stream_train.c */
enum oac_status oac_iio_train_make(struct oac_iio_stream *self,
                                   const struct oac_stream_burst *burst,
                                   struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_iio_train_push(struct oac_iio_stream *self,
                                   struct oac_err *err) OAC_MUST_USE;

/* Opens an output's buffer of at least so many samples, unless it is open. */
enum oac_status oac_iio_train_fit(struct oac_iio_stream *self, struct oac_iio_converter *output,
                                  size_t samples, struct oac_err *err) OAC_MUST_USE;
/* A value between two codes, part `at` of `count` of the way. Pure. */
uint16_t oac_iio_train_ramp(size_t at, size_t count, uint16_t from, uint16_t to);

/* stream_apart.c */
enum oac_status oac_iio_apart_make(struct oac_iio_stream *self,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_iio_apart_fini(struct oac_iio_stream *self);
/* Feeds begin: beacons until the train is placed, then the train. */
enum oac_status oac_iio_apart_push(struct oac_iio_stream *self,
                                   struct oac_err *err) OAC_MUST_USE;
/* Looks for beacons in what was heard of readout k (`gone` samples were before), and places the train when it
 * can. */
enum oac_status oac_iio_apart_look(struct oac_iio_stream *self, size_t k, uint64_t gone,
                                   struct oac_err *err) OAC_MUST_USE;
bool oac_iio_apart_placed(struct oac_iio_stream *self);
void oac_iio_apart_stop(struct oac_iio_stream *self); /* feeds end with what they have */
/* Nothing that was measured is believed any more. */
void oac_iio_apart_forget(struct oac_iio_stream *self);

/* stream_listen.c */
enum oac_status oac_iio_listen_open(struct oac_iio_stream *self,
                                    struct oac_err *err) OAC_MUST_USE;
/* Until the whole train has been heard on every input. */
enum oac_status oac_iio_listen(struct oac_iio_stream *self, struct oac_err *err) OAC_MUST_USE;
/* Buffer of a paced input. Its scans wait in the kernel's kfifo, whose length is rounded up to a power of
 * two, and a scan that finds it full is lost without a word: just more than half of it leaves the other
 * half for the time from one refill to the next. Shorter than a server's patience (2.5 s of 5). Pure. */
size_t oac_iio_paced_samples(double rate_hz, size_t least);
/* stream_mark.c: the sequence in front of a train by which its start is found. */
/* Drive d's samples of it, between guards: (oac_iio_mark_slots, line's values a slot). */
size_t oac_iio_mark_slots(const struct oac_iio_stream *self);
size_t oac_iio_mark_first(const struct oac_iio_stream *self); /* slots before its first chip */
void oac_iio_mark_make(const struct oac_iio_stream *self, size_t d, uint16_t *sample);
void oac_iio_mark_chips(enum oac_iio_mark mark, uint8_t chip[OAC_IIO_MARK_CHIPS]); /* Pure. */
/* Whether another mark stands in code (count), where samples go on behind it; *at: where, to parts of a sample.
 * Pure. */
bool oac_iio_mark_find_beacon(enum oac_iio_mark mark, const int32_t *code, size_t count,
                              size_t per_slot, double *at);
/* Index of the mark's first sample in code (count), or count. contrast: the correlation there. Pure. */
size_t oac_iio_mark_find(const int32_t *code, size_t count, size_t per_slot, double *contrast);
/* The same in I and Q (count samples of two values), the mark riding on a product of `turns` a slot. */
size_t oac_iio_mark_find_tone(const int32_t *code, size_t count, size_t per_slot,
                              unsigned turns, double *contrast);

/* stream_losses.c */
void oac_iio_losses_forget(const struct oac_iio_converter *converter); /* what was before */
void oac_iio_losses_note(
    struct oac_iio_stream *self); /* after a train, before its buffers close */
enum oac_loss oac_iio_losses_of(const struct oac_iio_losses *losses);

/* The names of an output's or input's channels, I before Q. Returns how many. */
size_t oac_iio_channel_names(const struct oac_iio_stream *self,
                             const struct oac_iio_converter *converter,
                             const char *name[OAC_IIO_CHANNELS_MAX]);

/* stream_play.c */
enum oac_status oac_iio_stream_play(void *context, struct oac_workspace *workspace,
                                    struct oac_stream_burst *burst,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_iio_stream_hush(struct oac_iio_stream *self); /* closes every buffer */

#endif
