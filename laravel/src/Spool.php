<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

/**
 * Looks into the spool file, whose format is wire/spool_format.h's, without touching it: works without the
 * extension, and while other processes write.
 */
final class Spool
{
    private const MAGIC = 'CLNSPOOL';

    private const VERSION = 1;

    private const HEADER = 256;

    // Where the application's id begins.
    private const APP_AT = 97;

    private const RECORD_HEAD = 17;

    private const PATH_MAX = 1023;

    // A file of more is not counted to its end.
    private const COUNT_MAX = 200000;

    public function __construct(public readonly string $path)
    {
    }

    /**
     * @param array<string, mixed> $config of the broadcasting connection
     *
     * @return self|null null: none is configured
     */
    public static function of(array $config): ?self
    {
        $publisher = $config['publisher'] ?? [];
        $path = is_array($publisher) ? $publisher['spool'] ?? '' : '';

        return is_string($path) && $path !== '' ? new self($path) : null;
    }

    /**
     * What keeps this user from using it and what to do; null if nothing does.
     *
     * @return array{string, string}|null
     */
    public function problem(): ?array
    {
        $folder = dirname($this->path);
        $isThere = file_exists($this->path);

        return match (true) {
            strlen($this->path) > self::PATH_MAX => [
                'The spool\'s path is longer than ' . self::PATH_MAX . ' bytes.',
                'Choose a shorter one (publisher.spool of the broadcasting connection).',
            ],
            is_link($this->path) => ["{$this->path} is a link, which is refused.", 'Remove it.'],
            $isThere && ! is_file($this->path) => ["{$this->path} is no file.", 'Remove it, or choose another path.'],
            ! $isThere && ! is_dir($folder) => ["There is no folder {$folder} for the spool.", "Make it: mkdir -p {$folder}"],
            ! $isThere && ! is_writable($folder) => [
                "{$folder}, where the spool belongs, is not writable for this user.",
                'Give it to the web server\'s user, or run this as that user.',
            ],
            $isThere && ! (is_readable($this->path) && is_writable($this->path)) => [
                "{$this->path} is not readable and writable for this user.",
                'Give it to the web server\'s user, or run this as that user.',
            ],
            $this->header() === false => ["{$this->path} is no spool of this version.", 'Move it away.'],
            default => null,
        };
    }

    /**
     * @return array{waiting: int, bytes: int, oldest_s: int|null, replayed: int, repeated: int, dropped: array<string, int>, app: string}|null
     *     null while there is no file, or none that can be read
     */
    public function state(): ?array
    {
        $header = $this->header();

        if (! is_array($header)) {
            return null;
        }

        [$waiting, $oldest] = $this->count($header['done'] - $header['base'], $header['end'] - $header['base']);

        return [
            'waiting' => $waiting,
            'bytes' => max(0, $header['end'] - $header['done']),
            'oldest_s' => $oldest === null ? null : max(0, time() - intdiv($oldest, 1000)),
            'replayed' => $header['replayed'],
            'repeated' => $header['repeated'],
            'dropped' => ['expired' => $header['expired'], 'torn' => $header['torn'], 'refused' => $header['refused']],
            'app' => $header['app'],
        ];
    }

    /**
     * @return array|false|null false: not a spool of this version; null: not there or not readable
     *
     * @phpstan-return array{base: int, done: int, end: int, replayed: int, repeated: int, expired: int, torn: int, refused: int, app: string}|false|null
     */
    private function header(): array|false|null
    {
        $bytes = '';

        // Nobody is kept from writing meanwhile, so the bytes may be of two headers.
        for ($try = 0; $try < 3; $try++) {
            $bytes = is_file($this->path) ? (string) @file_get_contents($this->path, false, null, 0, self::HEADER) : '';

            if (strlen($bytes) < self::HEADER || hash('crc32c', substr($bytes, 16)) === bin2hex(substr($bytes, 12, 4))) {
                break;
            }
        }

        // Not there, not readable, or the first process is about to write it.
        if ($bytes === '') {
            return null;
        }

        $format = 'a8magic/Nversion/Ncrc/Jbase/Jdone/Jtried/Jend/Jappended/Jreplayed/Jrepeated/Jexpired/Jtorn/Jrefused/Clen';
        /** @var array{magic: string, version: int, base: int, done: int, end: int, replayed: int, repeated: int, expired: int, torn: int, refused: int, len: int}|false $fields */
        $fields = strlen($bytes) < self::HEADER ? false : unpack($format, $bytes);

        if ($fields === false || $fields['magic'] !== self::MAGIC || $fields['version'] !== self::VERSION) {
            return false;
        }

        return $fields + ['app' => substr($bytes, self::APP_AT, $fields['len'])];
    }

    /**
     * @param int $from offset behind the header
     * @param int $end as well
     *
     * @return array{int, int|null} records, and the first one's time in milliseconds
     */
    private function count(int $from, int $end): array
    {
        $file = @fopen($this->path, 'rb');
        $count = 0;
        $oldest = null;

        while ($file !== false && $from < $end && $count < self::COUNT_MAX && fseek($file, self::HEADER + $from) === 0) {
            /** @var array{length: int, crc: int, time: int}|false $head */
            $head = unpack('Nlength/Ncrc/Jtime', (string) fread($file, self::RECORD_HEAD) . str_repeat("\0", self::RECORD_HEAD));

            if ($head === false || $head['length'] === 0) {
                break;
            }

            $oldest ??= $head['time'];
            $count++;
            $from += self::RECORD_HEAD + $head['length'];
        }

        return [$count, $oldest];
    }
}
