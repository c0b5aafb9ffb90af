export { giveWay, libuvGivesWay } from './give-way.ts';
