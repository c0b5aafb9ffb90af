#!/usr/bin/env node
import { keepHeap } from '../dist/process/heap.js';

keepHeap();
await import('../dist/main.js');
