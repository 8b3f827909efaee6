import * as tf from '@tensorflow/tfjs'

// The CPU backend greets on its first use, but not in production mode.
tf.env().set('PROD', true)

export { tf }
