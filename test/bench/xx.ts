import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { partialsOf, verdictsOf } from './drift-world.ts'
const policy = JSON.parse(readFileSync('configs/drift.json','utf8')); policy.terms=[['autumn',901,1024],['winter',1103,1219],['new year',105,213],['spring',223,402],['summer',420,630]].map(([name,from,to])=>({name,from,to}))
const [students, events, seedA, seedB, drift, tag] = process.argv.slice(2)
import { plantedDrift } from '@mastery/topology/school/planted.ts'
const y0=Date.UTC(2024,8,2), y1=Date.UTC(2025,8,1)
const cache=`/tmp/dx/${tag}.json`
let p
if(existsSync(cache)) p=JSON.parse(readFileSync(cache,'utf8'))
else { const t=performance.now(); p=partialsOf(policy,[{seed:+seedA!,students:+students!,events:+events!,startAt:y0},{seed:+seedB!,students:+students!,events:+events!,startAt:y1,...(drift&&drift!=='-'?{drift:drift.split(',').map(plantedDrift)}:{})}]); console.log('partials',p.length,((performance.now()-t)/1000).toFixed(1),'s'); writeFileSync(cache,JSON.stringify(p)) }
const t=performance.now()
const {verdicts,drift:d}=verdictsOf(policy,p)
console.log('verdicts',verdicts.length,((performance.now()-t)/1000).toFixed(2),'s', 'meta bytes', d.stage.meta.encode(d.meta).length)
for(const yr of [0,1]) for(const kind of ['week','count']) {
 const vs=verdicts.filter(v=>v.window_kind===kind && (yr===0?v.window_to<=y1:v.window_from>=y1))
 const c:any={}; for(const v of vs){c[v.state]=(c[v.state]??0)+1}
 const refs:any={}; for(const v of vs)refs[v.reference]=(refs[v.reference]??0)+1
 console.log('year',yr,kind,JSON.stringify(c),JSON.stringify(refs))
 const by:any={}; for(const v of vs.filter(v=>v.state==='drift'||v.state==='suspect')){const k=`${v.kind}/${v.name}/${v.model}`; (by[k]??=[]).push(`${new Date(v.window_from).toISOString().slice(5,10)}${v.state==='drift'?'!':''}`)}
 for(const k in by)console.log('   ',k,by[k].join(' '))
}
