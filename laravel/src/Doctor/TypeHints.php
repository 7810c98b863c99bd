<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use PhpToken;

/**
 * Finds where PHP code asks for the class Illuminate\Events\Dispatcher instead of the contract: as
 * the type of a parameter, a property or a result, or by instanceof. By tokens, so that comments and
 * strings don't count and aliases do.
 */
final class TypeHints
{
    private const CLASS_NAME = 'Illuminate\Events\Dispatcher';

    private const NAMES = [T_STRING, T_NAME_QUALIFIED, T_NAME_FULLY_QUALIFIED];

    private const BETWEEN = [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT];

    /** @var list<PhpToken> */
    private array $tokens;

    private string $namespace = '';

    /** @var array<string, string> names by alias */
    private array $aliases = [];

    private function __construct(string $code)
    {
        $this->tokens = array_values(array_filter(
            PhpToken::tokenize($code),
            static fn (PhpToken $token): bool => ! in_array($token->id, self::BETWEEN, true)
        ));
    }

    /**
     * @return list<int> lines
     */
    public static function lines(string $code): array
    {
        // Without these words nothing can name it.
        if (stripos($code, 'Illuminate\Events') === false && preg_match('/Illuminate\\\\\s*\{/i', $code) !== 1) {
            return [];
        }

        return (new self($code))->find();
    }

    /**
     * @return list<int>
     */
    private function find(): array
    {
        $lines = [];

        for ($i = 0; $i < count($this->tokens); $i++) {
            $token = $this->tokens[$i];

            if ($token->id === T_NAMESPACE && isset($this->tokens[$i + 1])) {
                $this->namespace = $this->tokens[$i + 1]->text;
            } elseif ($token->id === T_USE && $this->isImport($i)) {
                $i = $this->import($i + 1);
            } elseif (in_array($token->id, self::NAMES, true) && $this->isMeant($token) && $this->isHint($i)) {
                $lines[$token->line] = $token->line;
            }
        }

        return array_values($lines);
    }

    private function text(int $at): string
    {
        return $this->tokens[$at]->text ?? '';
    }

    /**
     * Not a closure's use (...); a class's use of a trait does no harm here.
     */
    private function isImport(int $at): bool
    {
        return $this->text($at + 1) !== '(';
    }

    /**
     * @return int where the statement ends
     */
    private function import(int $at): int
    {
        $prefix = '';
        $name = '';
        $alias = null;

        for (; $at < count($this->tokens); $at++) {
            $text = $this->text($at);

            if ($text === '{') {
                [$prefix, $name] = [rtrim($name, '\\') . '\\', ''];
            } elseif ($text === ',' || $text === ';' || $text === '}') {
                $this->remember($prefix . $name, $alias);
                [$name, $alias] = ['', null];

                if ($text === ';') {
                    break;
                }
            } elseif ($this->tokens[$at]->id === T_AS) {
                $alias = $this->text(++$at);
            } else {
                $name .= $text;
            }
        }

        return $at;
    }

    private function remember(string $name, ?string $alias): void
    {
        $name = ltrim($name, '\\');
        $alias ??= substr((string) strrchr('\\' . $name, '\\'), 1);

        if ($name !== '' && $alias !== '') {
            $this->aliases[strtolower($alias)] = $name;
        }
    }

    private function isMeant(PhpToken $token): bool
    {
        if ($token->id === T_NAME_FULLY_QUALIFIED) {
            return strcasecmp(ltrim($token->text, '\\'), self::CLASS_NAME) === 0;
        }

        $parts = explode('\\', $token->text, 2);
        $first = $this->aliases[strtolower($parts[0])]
            ?? ($this->namespace === '' ? $parts[0] : "{$this->namespace}\\{$parts[0]}");

        return strcasecmp(rtrim($first . '\\' . ($parts[1] ?? ''), '\\'), self::CLASS_NAME) === 0;
    }

    private function isHint(int $at): bool
    {
        return $this->isResult($at) || $this->isBeforeVariable($at) || ($this->tokens[$at - 1]->id ?? 0) === T_INSTANCEOF;
    }

    /**
     * Dispatcher $x, ?Dispatcher $x, Dispatcher|null &...$x
     */
    private function isBeforeVariable(int $at): bool
    {
        for ($at++; $at < count($this->tokens); $at++) {
            $token = $this->tokens[$at];

            if ($token->id === T_VARIABLE) {
                return true;
            }

            $isMore = in_array($token->id, self::NAMES, true) || in_array($token->text, ['|', '&', '...', ')', '(', 'array', 'callable', 'static'], true);

            // A parenthesis belongs to (A&B)|null only.
            if (! $isMore || ($token->text === ')' && $this->text($at + 1) !== '|') || ($token->text === '(' && $this->text($at - 1) !== '|')) {
                return false;
            }
        }

        return false;
    }

    /**
     * function (): Dispatcher
     */
    private function isResult(int $at): bool
    {
        $next = $this->text($at + 1);

        if (! in_array($next, ['{', ';', '=>', '|', '&'], true)) {
            return false;
        }

        for ($at--; $at > 0; $at--) {
            $text = $this->text($at);

            if ($text === ':') {
                return $this->text($at - 1) === ')';
            }

            if ($text !== '?' && $text !== '|' && $text !== '&' && ! in_array($this->tokens[$at]->id, self::NAMES, true)) {
                return false;
            }
        }

        return false;
    }
}
