/*
 * The C interface to libtorch that Go calls: handles, numbers and strings, nothing of C++.
 *
 * A function that can fail returns NULL on success, else a message that the caller frees with kg_free_error. Results go
 * through the last pointers of the argument list, which stay untouched on failure. No C++ exception leaves a function.
 *
 * A device is an int: -1 is the CPU, i is "cuda:i". A dtype is the number of a c10::ScalarType. A shape is a pointer and
 * a length. A flag is an int, 0 for no. Only an argument marked "or NULL" may be a NULL tensor.
 */
#ifndef KEYGAN_CGOTORCH_H
#define KEYGAN_CGOTORCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* whatever the rest of the library is compiled with */

/* A tensor. scope is the calling thread's scope number when the handle was made. */
typedef struct kg_handle {
  int64_t scope;
} kg_handle;
typedef kg_handle* kg_tensor;

/* core.cc: handles, versions, threads */
void kg_free_error(char* message);
void kg_close(kg_tensor t); /* t or NULL */
int64_t kg_live(void);      /* the number of open handles */
int64_t kg_set_scope(int64_t scope); /* sets the calling thread's scope number and returns the old one */
int64_t kg_scope(void);
const char* kg_version(void);       /* of the libtorch that is loaded */
const char* kg_built_version(void); /* of the headers that this was compiled with */
int kg_num_threads(void);
char* kg_set_num_threads(int n);

/* tensor.cc: properties of a tensor, and copies to other places */
enum { KG_MAX_DIMS = 64 };
char* kg_shape(kg_tensor t, int64_t* sizes /* KG_MAX_DIMS */, int* dims);
enum { KG_NUMEL, KG_DTYPE, KG_DEVICE, KG_REQUIRES_GRAD, KG_DEFINED, KG_ITEM };
char* kg_property(int which, kg_tensor t, int64_t* v); /* KG_ITEM: the only element, as a whole number */
char* kg_item_double(kg_tensor t, double* v);
char* kg_to(kg_tensor t, int device, int dtype, int non_blocking, kg_tensor* out);
char* kg_pin_memory(kg_tensor t, kg_tensor* out);
char* kg_set_data(kg_tensor t, kg_tensor data);
char* kg_string(kg_tensor t, char** s); /* free with kg_free_error */
/* Between host memory holding exactly numel elements of dtype, in C order, and a tensor of any dtype on any device. */
char* kg_read(kg_tensor t, int dtype, void* dst, int64_t elements);
char* kg_write(kg_tensor t, int dtype, const void* src, int64_t elements);

/* create.cc: float32 on the CPU, but for kg_create and kg_from_host */
enum { KG_EMPTY, KG_ZEROS, KG_ONES, KG_FULL, KG_RAND, KG_RANDN };
char* kg_create(int kind, int device, const int64_t* shape, int dims, double value, kg_tensor* out);
char* kg_from_host(const void* src, int dtype, const int64_t* shape, int dims, kg_tensor* out); /* copies */
char* kg_eye(int64_t n, int64_t m, kg_tensor* out);
char* kg_arange(double begin, double end, double step, kg_tensor* out);
char* kg_linspace(double begin, double end, int64_t steps, kg_tensor* out);
char* kg_logspace(double begin, double end, int64_t steps, double base, kg_tensor* out);

/* ops.cc: element by element */
enum {
  KG_NEG, KG_SQRT, KG_SQUARE, KG_FLOOR, KG_RELU, KG_SIGMOID, KG_TANH, KG_SOFTPLUS,
  KG_DETACH, KG_CONTIGUOUS, KG_CHANNELS_LAST, KG_SQUEEZE, KG_SUM, KG_MEAN, KG_EMPTY_LIKE
};
char* kg_unary(int op, kg_tensor a, kg_tensor* out);
enum { KG_ADD_SCALAR, KG_MUL_SCALAR, KG_DIV_SCALAR, KG_GT, KG_LT, KG_LEAKY_RELU, KG_CLAMP };
char* kg_scalar(int op, kg_tensor a, double x, double y /* clamp only */, kg_tensor* out);
enum { KG_ADD, KG_SUB, KG_MUL, KG_DIV, KG_EQ, KG_MM, KG_EXPAND_AS };
char* kg_binary(int op, kg_tensor a, kg_tensor b, double alpha /* add, sub */, kg_tensor* out);
enum { KG_ADD_I, KG_SUB_I, KG_MUL_I, KG_DIV_I, KG_COPY_I, KG_LERP_I };
char* kg_binary_inplace(int op, kg_tensor a, kg_tensor b, double alpha /* add, sub, lerp; copy: 1 for non-blocking */);
char* kg_where(kg_tensor yes, kg_tensor a, kg_tensor b, kg_tensor* out);
enum { KG_FILL_I, KG_MUL_SCALAR_I, KG_RELU_I, KG_LEAKY_RELU_I, KG_UNIFORM_I, KG_NORMAL_I };
char* kg_scalar_inplace(int op, kg_tensor a, double x, double y /* uniform, normal */);
enum { KG_EQUAL, KG_ALL_CLOSE };
char* kg_compare(int how, kg_tensor a, kg_tensor b, int* yes);

/* shape.cc: operations that take whole numbers, after each op those that it takes */
enum {
  KG_VIEW,        /* sizes */
  KG_PERMUTE,     /* the dimensions in their new order */
  KG_INDEX,       /* one number for each dimension */
  KG_TRANSPOSE,   /* two dimensions */
  KG_FLATTEN,     /* first and last dimension */
  KG_SQUEEZE_DIM, /* a dimension */
  KG_LOG_SOFTMAX, /* a dimension */
  KG_NARROW,      /* a dimension, the first position and how many */
  KG_SUM_DIMS,    /* 1 to keep the dimensions or 0, then the dimensions */
  KG_MEAN_DIMS,   /* the same */
  KG_ARGMIN,      /* nothing, or a dimension and 1 to keep it or 0 */
  KG_ARGMAX       /* the same */
};
char* kg_with_ints(int op, kg_tensor a, const int64_t* v, int n, kg_tensor* out);
char* kg_index_select(kg_tensor a, int64_t dim, kg_tensor index, kg_tensor* out);
char* kg_stack(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out);
char* kg_cat(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out);
char* kg_pad(kg_tensor a, const int64_t* pad, int n, const char* mode, double value, kg_tensor* out);
char* kg_topk(kg_tensor a, int64_t k, int64_t dim, int largest, int sorted, kg_tensor* values, kg_tensor* indices);
char* kg_finite(const kg_tensor* ts, int n, kg_tensor* out /* 1 or 0, on their device */);

/* conv.cc; bias: or NULL. Sizes are pairs, height then width. */
char* kg_conv2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                const int64_t* dilation, int64_t groups, kg_tensor* out);
char* kg_conv_transpose2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                          const int64_t* output_padding, int64_t groups, const int64_t* dilation, kg_tensor* out);

/* normact.cc: leaky ReLU of instance norm without weights; a slope of 0 makes ReLU, 1 leaves it out */
char* kg_instance_norm_leaky(kg_tensor x, double eps, double slope, kg_tensor* out);

/* nn.cc; weight, bias and running statistics: or NULL. Sizes are pairs, height then width. */
enum { KG_BATCH_NORM, KG_INSTANCE_NORM };
char* kg_norm(int kind, kg_tensor x, kg_tensor mean, kg_tensor var, kg_tensor weight, kg_tensor bias,
              int use_input_stats, double momentum, double eps, kg_tensor* out);
char* kg_linear(kg_tensor x, kg_tensor weight, kg_tensor bias, kg_tensor* out);
char* kg_dropout(kg_tensor x, double p, int training, kg_tensor* out);
char* kg_max_pool2d(kg_tensor x, const int64_t* kernel, const int64_t* stride, const int64_t* padding,
                    const int64_t* dilation, int ceil_mode, kg_tensor* out);
char* kg_adaptive_avg_pool2d(kg_tensor x, const int64_t* size, kg_tensor* out);

enum { KG_NLL_LOSS, KG_CROSS_ENTROPY, KG_BCE, KG_MSE_LOSS };
char* kg_loss(int kind, kg_tensor x, kg_tensor target, kg_tensor weight /* or NULL */,
              int64_t ignore /* the first two */, const char* reduction /* "none", "mean", "sum" */, kg_tensor* out);

/* autograd.cc */
int kg_set_grad_enabled(int enabled); /* per thread; returns the old value */
char* kg_set_requires_grad(kg_tensor t, int on);
char* kg_backward(kg_tensor t);
char* kg_tensor_grad(kg_tensor t, kg_tensor* out /* undefined before the first backward */);
char* kg_grad(const kg_tensor* outputs, int n_out, const kg_tensor* inputs, int n_in,
              const kg_tensor* grad_outputs /* n_out, each or NULL; or NULL */, int retain_graph, int create_graph,
              kg_tensor* out /* n_in */);

/* optim.cc */
typedef struct kg_optimizer_s* kg_optimizer;
char* kg_adam(double lr, double beta1, double beta2, double weight_decay, kg_optimizer* out);
char* kg_sgd(double lr, double momentum, double dampening, double weight_decay, int nesterov, kg_optimizer* out);
void kg_optimizer_close(kg_optimizer o);
char* kg_optimizer_add(kg_optimizer o, const kg_tensor* params, int n);
char* kg_optimizer_zero_grad(kg_optimizer o);
char* kg_optimizer_step(kg_optimizer o);
char* kg_optimizer_step_with(kg_optimizer o, const kg_tensor* grads /* each or NULL: skipped */, int n,
                             kg_tensor skip /* or NULL; Adam: 1 on the device leaves the step out, 0 does not */);
char* kg_optimizer_set_lr(kg_optimizer o, double lr);
char* kg_optimizer_size(kg_optimizer o, int* params);
int kg_tensor_rate(void); /* whether a captured Adam step reads the rate that is set later */
char* kg_adam_state(kg_optimizer o, int64_t* step, kg_tensor* exp_avg, kg_tensor* exp_avg_sq); /* params each */
char* kg_adam_set_state(kg_optimizer o, int64_t step, const kg_tensor* exp_avg, const kg_tensor* exp_avg_sq, int n);

/* rng.cc */
char* kg_manual_seed(int64_t seed);
char* kg_rng_state(int device, kg_tensor* out); /* uint8, on the CPU */
char* kg_set_rng_state(int device, kg_tensor state);

/* device.cc: devices, and settings of the whole process */
int kg_cuda_devices(void);
int kg_cudnn_available(void);
enum { KG_CUDNN, KG_CUDNN_BENCHMARK, KG_CUDNN_DETERMINISTIC, KG_CUDNN_TF32, KG_CUBLAS_TF32, KG_DETERMINISTIC };
char* kg_setting(int which, int* on);
char* kg_set_setting(int which, int on);

/* cuda.cc: every function fails in a build without CUDA */
typedef struct kg_stream_s* kg_stream;
char* kg_cuda_name(int device, char** name); /* free with kg_free_error */
char* kg_cuda_current_device(int* device);
char* kg_cuda_synchronize(int device);
char* kg_cuda_memory(int device, int64_t* allocated, int64_t* reserved, int64_t* peak);
char* kg_cuda_reset_peak(int device);
char* kg_stream_current(int device, kg_stream* out);
char* kg_stream_new(int device, kg_stream* out);
char* kg_stream_set(kg_stream s);
char* kg_stream_query(kg_stream s, int* done);
char* kg_stream_synchronize(kg_stream s);
void kg_stream_close(kg_stream s);
typedef struct kg_event_s* kg_event;
char* kg_event_new(kg_event* out);
char* kg_event_record(kg_event e, kg_stream s);
char* kg_event_block(kg_event e, kg_stream s); /* what s gets from now on waits for the event */
char* kg_event_synchronize(kg_event e);
void kg_event_close(kg_event e);
char* kg_cuda_empty_cache(void);

/* graph.cc: every function fails in a build without CUDA. The capture is that of the thread's current stream of a device. */
typedef struct kg_graph_s* kg_graph;
char* kg_graph_new(int device, kg_graph* out);
char* kg_graph_begin(kg_graph g);
char* kg_graph_end(kg_graph g);
char* kg_graph_replay(kg_graph g);
void kg_graph_close(kg_graph g);

/* dist.cc: every function that can fail does so in a build without Gloo */
typedef struct kg_store_s* kg_store;
char* kg_store_open(const char* host, int port /* 0: any, if it serves */, int serve, int64_t timeout_ms, kg_store* out);
int kg_store_port(kg_store s);
char* kg_store_set(kg_store s, const char* key, const char* data, int64_t size);
char* kg_store_check(kg_store s, const char* key, int* there);
char* kg_store_get(kg_store s, const char* key, char** data /* free with kg_free_bytes */, int64_t* size);
char* kg_store_add(kg_store s, const char* key, int64_t n, int64_t* value /* afterwards */);
void kg_store_close(kg_store s);

/* A group of processes, in a build without CUDA or with device -1 for tensors on the CPU only. The others reach this one at address. */
typedef struct kg_group_s* kg_group;
char* kg_group_open(kg_store s, const char* name, int rank, int size, int device, const char* address, int64_t timeout_ms,
                    kg_group* out);
char* kg_all_reduce(kg_group g, kg_tensor t); /* the sum, in place */
/* The sums of n tensors, in one go, each laid out in memory as its model is. */
char* kg_all_reduce_all(kg_group g, const kg_tensor* ts, const kg_tensor* models, int n, kg_tensor* out /* n */);
char* kg_sum_over_ranks(kg_group g, kg_tensor t, kg_tensor* out); /* the same as an operation with derivatives */
char* kg_broadcast(kg_group g, kg_tensor t);  /* what rank 0 has, in place */
int64_t kg_group_elements(kg_group g);        /* that were summed so far */
void kg_group_close(kg_group g);

/* pickle.cc: torch.save's format for one tensor */
char* kg_pickle(kg_tensor t, char** data /* free with kg_free_bytes */, int64_t* size);
char* kg_unpickle(const char* data, int64_t size, kg_tensor* out);
void kg_free_bytes(char* data);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
