import { jobKills } from '../../runtime/testing/job-kills.ts'

jobKills('embedded', { place: (dir) => dir, shared: false })
