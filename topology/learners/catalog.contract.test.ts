import { learnerContract } from '../evaluation/testing/learner-contract.ts'
import { LEARNERS } from './catalog.ts'

for (const learner of LEARNERS) learnerContract(learner.id, () => learner)
