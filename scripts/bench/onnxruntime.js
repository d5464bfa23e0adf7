#!/usr/bin/env node
// Times a generator in ONNX Runtime, on the image that BenchmarkForward of package infer uses, and compares the key with the one
// in MODEL.key.
//
//     scripts/bench/onnxruntime.js MODEL SIZE THREADS RUNS
//
// Prints: milliseconds of the fastest run, of the median run, and the largest difference between the two keys.

const fs = require('node:fs')
const path = require('node:path')

const root = path.dirname(path.dirname(__dirname))
const ort = require(require.resolve('onnxruntime-node', { paths: [process.env.ONNXRUNTIME || path.join(root, 'build', 'onnxruntime')] }))

async function main() {
  const [model, size, threads, runs] = [process.argv[2], ...process.argv.slice(3).map(Number)]
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all',
  })
  const image = Float32Array.from({ length: 3 * size * size }, (_, i) => Math.fround(Math.fround((i % 255) / 127.5) - 1))
  const feeds = { image: new ort.Tensor('float32', image, [1, 3, size, size]) }
  const key = (await session.run(feeds)).key.data // the first run takes the memory that the others use again
  const times = []
  for (let i = 0; i < runs; i++) {
    const start = process.hrtime.bigint()
    await session.run(feeds)
    times.push(Number(process.hrtime.bigint() - start) / 1e6)
  }
  times.sort((a, b) => a - b)
  const bytes = fs.readFileSync(model + '.key')
  const worst = key.reduce((d, v, i) => Math.max(d, Math.abs(v - bytes.readFloatLE(4 * i))), 0)
  console.log(`${times[0].toFixed(1)} ${times[runs >> 1].toFixed(1)} ${worst.toExponential(1)}`)
}

main().catch((e) => {
  console.error(`onnxruntime: ${e.message.split('\n')[0]}`)
  process.exit(1)
})
