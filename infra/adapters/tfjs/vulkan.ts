import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const LOADER = 'libvulkan.so.1'
const USUAL = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib']
const LISTS = '/etc/ld.so.conf.d'

/**
 * Whether this machine may have the Vulkan loader; where it has none, Dawn would write so to standard error at every
 * start. True on systems that keep it elsewhere than Linux does.
 */
export function mayHaveVulkan(platform = process.platform, arch = process.arch, env = process.env): boolean {
  if (platform !== 'linux') return true
  const multiarch = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const given = (env['LD_LIBRARY_PATH'] ?? '').split(':')
  const places = [...given, ...listed(), ...USUAL.flatMap((d) => [d, join(d, multiarch)])]
  return places.some((d) => d !== '' && existsSync(join(d, LOADER)))
}

/** Folders that the system's own list of libraries names. */
function listed(): string[] {
  if (!existsSync(LISTS)) return []
  return readdirSync(LISTS)
    .flatMap((name) => readFileSync(join(LISTS, name), 'utf8').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'))
}
