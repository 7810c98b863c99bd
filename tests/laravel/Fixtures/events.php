<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures;

use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithBroadcasting;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Contracts\Support\Arrayable;
use Illuminate\Foundation\Events\Dispatchable;
use Illuminate\Notifications\Messages\BroadcastMessage;
use Illuminate\Notifications\Notification;
use Illuminate\Queue\SerializesModels;
use RuntimeException;
use Throwable;

class Plain implements ShouldBroadcast
{
    use Dispatchable;
    use InteractsWithBroadcasting;
    use InteractsWithSockets;

    public function __construct(public mixed $text = 'hello', protected mixed $on = 'news')
    {
    }

    public function broadcastOn(): mixed
    {
        return $this->on;
    }
}

class MessageSent implements ShouldBroadcast
{
    use InteractsWithSockets;
    use SerializesModels;

    public function __construct(public Message $message)
    {
    }

    public function broadcastOn(): PrivateChannel
    {
        return new PrivateChannel('conversation.' . $this->message->receiver_id);
    }
}

class Now extends Plain implements ShouldBroadcastNow
{
}

class FailingNow extends Now
{
    public function broadcastWith(): array
    {
        throw new RuntimeException('broadcastWith failed');
    }
}

class Failing extends Plain
{
    /** @var list<Throwable> */
    protected array $failures = [];

    public ?\ArrayObject $seen = null;

    public function broadcastWith(): array
    {
        throw new RuntimeException('broadcastWith failed');
    }

    public function failed(Throwable $e): void
    {
        $this->seen?->append($e);
    }
}

class Conditional extends Plain
{
    public static function counted(bool $result): self
    {
        $event = new self();
        $event->result = $result;
        $event->calls = new \ArrayObject();

        return $event;
    }

    public bool $result;

    public \ArrayObject $calls;

    public function broadcastWhen(): bool
    {
        $this->calls->append(true);

        return $this->result;
    }

    public function broadcastWith(): array
    {
        return [];
    }
}

class Immediate extends Plain
{
    public bool $afterCommit = false;
}

class Keyed extends Plain
{
    public function broadcastConnections(): array
    {
        return ['clairon'];
    }

    public function broadcastOn(): array
    {
        return ['clairon' => ['for-clairon'], 'log' => ['for-log']];
    }

    public function broadcastWith(): array
    {
        return ['clairon' => ['text' => 'for clairon'], 'log' => ['text' => 'for log']];
    }
}

class Named extends Plain
{
    public function broadcastAs(): string
    {
        return 'named';
    }

    public function broadcastWith(): array
    {
        return ['id' => 7, 'path' => 'a/b', 'name' => 'Zoë', 'ratio' => 0.1, 'list' => [], 'map' => (object) []];
    }
}

class Properties extends Plain
{
    public ?int $number = 1;

    public Arrayable $arrayable;

    protected string $hidden = 'hidden';

    public string $broadcastQueue = 'high';

    public function __construct()
    {
        parent::__construct('x', new Channel('news'));
        $this->arrayable = collect(['a' => 1]);
    }
}

class WithMiddleware extends Plain
{
    public ?\ArrayObject $seen = null;

    public function broadcastWith(): array
    {
        return [];
    }

    public function middleware(): array
    {
        return [function (object $job, callable $next): mixed {
            $this->seen->append($job::class);

            return $next($job);
        }];
    }
}

enum Connections: string
{
    case Clairon = 'clairon';
    case Log = 'log';
}

class Told extends Notification
{
    public function via(object $notifiable): array
    {
        return ['broadcast'];
    }

    public function toBroadcast(object $notifiable): BroadcastMessage
    {
        return new BroadcastMessage(['text' => 'told']);
    }
}
