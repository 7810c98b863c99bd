<?php

/** @generate-class-entries */

namespace Clairon\Exception;

/**
 * Every exception class of the extension. Wrong arguments may also raise PHP's own \ValueError and
 * \TypeError. Nothing is ever thrown because a relay or a Redis is away.
 */
interface ClaironException extends \Throwable
{
}

/**
 * Data that can't be encoded as JSON, or is longer than payload_bytes. A mistake of the caller, hence
 * a \ValueError.
 */
final class PayloadException extends \ValueError implements ClaironException
{
}
